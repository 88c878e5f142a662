// A small lamp shop for trying the widget: five pages, three languages, two themes. Nothing here is sold.
import { LAMPS, WORDS, type Lamp, type Locale } from './lamps'
import { FLAG, ORDER_WORDS, ORDERS, type Order } from './orders'
import './shop.css'

type ParlorCall = { (...args: unknown[]): void; q?: unknown[][] }
const w = window as unknown as { Parlor?: ParlorCall }
if (!w.Parlor) {
  const stub: ParlorCall = (...args) => void stub.q!.push(args)
  stub.q = []
  w.Parlor = stub
}
const parlor = (...args: unknown[]) => w.Parlor!(...args)

const store = {
  get: (k: string) => { try { return localStorage.getItem('aurora.' + k) ?? '' } catch { return '' } },
  set: (k: string, v: string) => { try { localStorage.setItem('aurora.' + k, v) } catch { /* the choice lasts for this page */ } },
}
const LOCALES: [Locale, string][] = [['zh-CN', '中文'], ['en', 'English'], ['pt-BR', 'Português']]
let locale = (store.get('lang') || LOCALES.find(([l]) => navigator.language.startsWith(l.slice(0, 2)))?.[0] || 'zh-CN') as Locale
let theme = store.get('theme') || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')
let cart = store.get('cart').split(',').filter((id) => LAMPS.some((l) => l.id === id))

type Child = Node | string | false | undefined
function h(tag: string, attrs: Record<string, string | EventListener> = {}, ...children: Child[]): HTMLElement {
  const el = document.createElement(tag)
  for (const [k, v] of Object.entries(attrs)) {
    if (typeof v === 'string') el.setAttribute(k, v)
    else el.addEventListener(k, v)
  }
  el.append(...children.filter((c): c is Node | string => !!c))
  return el
}
function picture(lamp: Lamp, cls = 'art'): HTMLElement {
  const box = h('div', { class: cls, 'aria-hidden': 'true' })
  // Drawn by ourselves, so it is safe as markup.
  box.innerHTML = `<svg viewBox="0 0 240 220" preserveAspectRatio="xMidYMid meet"><rect width="240" height="220" fill="${lamp.glow}"/><circle cx="120" cy="110" r="96" fill="#fff" opacity=".45"/>${lamp.art}</svg>`
  return box
}
const money = (n: number) => new Intl.NumberFormat(locale, { style: 'currency', currency: 'CNY', maximumFractionDigits: 0 }).format(n)
const link = (l: Lamp) => `/demo/product.html?id=${l.id}`
function save(next: string[]) {
  cart = next
  store.set('cart', cart.join(','))
  draw()
}

function home(): Child[] {
  const t = WORDS[locale]
  return [
    h('section', { class: 'hero' }, h('div', {}, h('h1', {}, t.hero), h('p', {}, t.heroText), h('a', { class: 'button', href: '#range' }, t.see)), picture(LAMPS[0]!, 'heroart')),
    h('h2', { id: 'range' }, t.range),
    h('ul', { class: 'grid' }, ...LAMPS.map((l) => h('li', {}, h('a', { href: link(l) }, picture(l), h('h3', {}, l.name[locale]), h('p', {}, l.about[locale]), h('b', {}, money(l.price)))))),
  ]
}
function product(): Child[] {
  const t = WORDS[locale]
  const lamp = LAMPS.find((l) => l.id === new URLSearchParams(location.search).get('id')) ?? LAMPS[0]!
  document.title = `${lamp.name[locale]} · ${t.shop}`
  return [h('article', { class: 'product' }, picture(lamp), h('div', {},
    h('h1', {}, lamp.name[locale]), h('p', { class: 'price' }, money(lamp.price)), h('p', {}, lamp.about[locale]), h('p', { class: 'soft' }, lamp.facts[locale]),
    h('div', { class: 'row' },
      h('button', { class: 'button', type: 'button', click: () => save([...cart, lamp.id]) }, cart.includes(lamp.id) ? `${t.added} ✓` : t.add),
      h('button', { class: 'button plain', type: 'button', click: () => parlor('open') }, t.ask)),
    h('p', {}, h('a', { href: '/demo/cart.html' }, `${t.cart} (${cart.length})`))))]
}
function cartPage(): Child[] {
  const t = WORDS[locale]
  const lamps = cart.map((id) => LAMPS.find((l) => l.id === id)!)
  return [h('h1', {}, t.cart), lamps.length === 0 && h('p', {}, t.empty, ' ', h('a', { href: '/demo/' }, t.see)),
    h('ul', { class: 'lines' }, ...lamps.map((l, i) => h('li', {}, picture(l, 'thumb'), h('a', { href: link(l) }, l.name[locale]), h('b', {}, money(l.price)), h('button', { type: 'button', class: 'text', click: () => save(cart.filter((_, n) => n !== i)) }, t.remove)))),
    lamps.length > 0 && h('div', { class: 'sum' }, h('span', {}, `${t.total} `, h('b', {}, money(lamps.reduce((n, l) => n + l.price, 0)))), h('a', { class: 'button', href: '/demo/checkout.html' }, t.buy))]
}
function checkout(): Child[] {
  const t = WORDS[locale]
  const done = h('p', { class: 'soft', role: 'status' })
  const field = (label: string, name: string) => h('label', {}, label, h('input', { name, autocomplete: { name: 'name', address: 'street-address', phone: 'tel' }[name] ?? 'off' }))
  return [h('h1', {}, t.checkout), h('form', { class: 'form', submit: (e) => { e.preventDefault(); done.textContent = t.paid } },
    field(t.name, 'name'), field(t.address, 'address'), field(t.phone, 'phone'), h('button', { class: 'button', type: 'submit' }, t.pay), done)]
}
function help(): Child[] {
  const t = WORDS[locale]
  return [h('h1', {}, t.helpTitle), ...t.q.map(([q, a]) => h('details', {}, h('summary', {}, q), h('p', {}, a)))]
}

/** The visitor asks about an order: the chat opens, the order goes along as a card with its flag, and its number to the pages beside the conversation. */
async function askAbout(o: Order) {
  const lamp = LAMPS.find((l) => l.id === o.lamp)!
  parlor('open')
  let token = ''
  for (let i = 0; i < 100 && !token; i++) {
    try { token = localStorage.getItem('parlor.main') ?? '' } catch { return }
    if (!token) await new Promise((r) => setTimeout(r, 100))
  }
  const send = (ext: object) => fetch('/v1/imgateway/messages?tenantId=1', { method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: 'Bearer ' + token },
    body: JSON.stringify({ originType: 'webim', bodies: [{ type: 'txt', msg: '' }], ext }) })
  await send({ weichat: { interactiveFlag: FLAG, msg_id_for_ack: crypto.randomUUID?.() ?? String(Date.now()) }, msgtype: { order: { title: ORDER_WORDS[locale].about, order_title: lamp.name[locale], order_id: o.id, price: money(lamp.price), desc: lamp.facts[locale], img_url: '/demo/icon.svg', item_url: link(lamp) } } })
  await send({ cmd: { updateVisitorInfoSrc: { params: { orderNo: o.id, source: 'orders' } } } })
}
function orders(): Child[] {
  const t = ORDER_WORDS[locale]
  return [h('h1', {}, t.orders), h('ul', { class: 'lines' }, ...ORDERS.map((o) => {
    const lamp = LAMPS.find((l) => l.id === o.lamp)!
    return h('li', {}, picture(lamp, 'thumb'), h('span', { class: 'grow' }, h('b', {}, lamp.name[locale]), h('br'), h('span', { class: 'soft' }, `${o.id} · ${t.states[o.state]}`)), h('button', { type: 'button', class: 'button plain', 'data-order': o.id, click: () => void askAbout(o) }, t.ask))
  }))]
}

const PAGES: Record<string, [draw: () => Child[], title: 'home' | 'cart' | 'checkout' | 'help' | 'range' | 'orders']> = {
  index: [home, 'home'], product: [product, 'range'], cart: [cartPage, 'cart'], checkout: [checkout, 'checkout'], help: [help, 'help'], orders: [orders, 'orders'],
}
function draw() {
  const t = { ...WORDS[locale], orders: ORDER_WORDS[locale].orders }
  const [page, title] = PAGES[document.body.dataset.page ?? 'index']!
  document.documentElement.lang = locale
  document.documentElement.dataset.theme = theme
  document.title = `${t[title]} · ${t.shop}`
  const here = document.body.dataset.page
  const nav = (id: string, href: string, text: string) => h('a', { href, ...(here === id ? { 'aria-current': 'page' } : {}) }, text)
  const choose = h('select', { 'aria-label': t.language, change: (e) => { locale = (e.target as HTMLSelectElement).value as Locale; store.set('lang', locale); parlor('locale', locale); draw() } },
    ...LOCALES.map(([l, name]) => h('option', { value: l, lang: l, ...(l === locale ? { selected: '' } : {}) }, name)))
  const toggle = h('button', { type: 'button', class: 'round', 'aria-label': t.theme, click: () => { theme = theme === 'dark' ? 'light' : 'dark'; store.set('theme', theme); parlor('theme', theme); draw() } }, theme === 'dark' ? '☀' : '☾')
  document.getElementById('shop')!.replaceChildren(
    h('header', {}, h('a', { class: 'brand', href: '/demo/' }, t.shop), h('nav', { 'aria-label': t.shop }, nav('index', '/demo/', t.home), nav('cart', '/demo/cart.html', `${t.cart} ${cart.length || ''}`), nav('orders', '/demo/orders.html', t.orders), nav('help', '/demo/help.html', t.help)), choose, toggle),
    h('main', {}, ...page().filter((c): c is Node | string => !!c)),
    h('footer', {}, t.foot),
  )
}
parlor('locale', locale)
parlor('theme', theme)
draw()
