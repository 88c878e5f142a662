// The CRM page of the demo company: it shows the order that a conversation is about, beside the conversation in the console.
// docs/interactive-messages.md says what comes in the address and in messages.
import { LAMPS, type Locale } from './lamps'
import { ORDER_WORDS, ORDERS, type Order } from './orders'
import './crm.css'

const asked = new URLSearchParams(location.search)
const locale: Locale = ({ zh: 'zh-CN', pt: 'pt-BR' } as const)[asked.get('lang') ?? ''] ?? 'en'
const t = ORDER_WORDS[locale]
const root = document.getElementById('crm')!
let order = ORDERS.find((o) => o.id === asked.get('orderNo'))
let pressed = false
let said = ''

interface Kefu { interactive_msg?: { version: number; interactiveFlag: string; ext?: { msgtype?: { order?: { order_id?: string } } } }; visitor_msg?: { msg: string; type: string } }
/** Speaks to the console, which is on the same server as this page, and to nobody else. */
const tell = (kefu: object) => parent.postMessage({ easemob: { kefu } }, location.origin)

function el(tag: string, text = '', cls = ''): HTMLElement {
  const e = document.createElement(tag)
  e.textContent = text
  if (cls) e.className = cls
  return e
}
function facts(o: Order): HTMLElement {
  const lamp = LAMPS.find((l) => l.id === o.lamp)!
  const list = el('dl')
  const price = new Intl.NumberFormat(locale, { style: 'currency', currency: 'CNY', maximumFractionDigits: 0 }).format(lamp.price)
  for (const [k, v] of [[t.order, o.id], ['', `${lamp.name[locale]} · ${price}`], [t.state, t.states[o.state]], [t.on, o.on], [t.to, o.to], [t.parcel, o.parcel]]) if (v) list.append(el('dt', k), el('dd', v))
  return list
}
function button(text: string, press: () => void): HTMLElement {
  const b = el('button', text)
  b.addEventListener('click', press)
  return b
}
function draw() {
  document.documentElement.lang = locale
  const o = order
  const lines: HTMLElement[] = [el('h1', 'Aurora CRM'), el('p', `${t.customer}: ${asked.get('nickname') ?? '—'} (${asked.get('visitorImId') ?? '—'})`, 'soft')]
  if (!o) lines.push(el('p', t.none))
  else {
    if (pressed) lines.push(el('p', t.button, 'chip'))
    const row = el('p', '', 'row')
    row.append(button(t.send, () => tell({ sendMsg: { msg: t.status.replace('{id}', o.id).replace('{state}', t.states[o.state]), type: 'txt' } })),
      button(t.article, () => tell({ articles: [{ title: t.help, description: LAMPS.find((l) => l.id === o.lamp)!.name[locale], url: location.origin + '/demo/help.html', picurl: '' }] })))
    lines.push(facts(o), row)
  }
  if (said) lines.push(el('p', `${t.said}: ${said}`, 'soft'))
  root.replaceChildren(...lines)
}
addEventListener('message', (e) => {
  if (e.source !== parent || e.origin !== location.origin) return
  const kefu: Kefu = e.data?.easemob?.kefu ?? {}
  if (kefu.interactive_msg?.version === 1) {
    order = ORDERS.find((o) => o.id === kefu.interactive_msg!.ext?.msgtype?.order?.order_id) ?? order
    pressed = true
  } else if (kefu.visitor_msg) said = String(kefu.visitor_msg.msg)
  draw()
})
draw()
tell({ ready: true })
