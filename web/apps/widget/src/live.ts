/**
 * Loaded by the loader once the page is there: tells the server which page is looked at, over one bare WebSocket of the native contract, and
 * invites the visitor, by the rules of the inbox or because an agent asks. Without WebSockets pages are reported by beacons.
 */
import type { Kit, PageRef, Rule, Text } from './bridge'
import { holds } from './rules'

const WORDS: Record<string, [text: string, accept: string, later: string, box: string]> = {
  zh: ['您好，请问有什么可以帮您？', '现在咨询', '稍后再说', '邀请对话'],
  en: ['Hello! May we help you?', 'Chat now', 'Later', 'Invitation to chat'],
  pt: ['Olá! Podemos ajudar?', 'Conversar agora', 'Mais tarde', 'Convite para conversar'],
}
const CSS = `.iv{position:fixed;box-sizing:border-box;max-width:calc(100vw - 32px);padding:20px;border-radius:16px;font:15px/1.6 system-ui,-apple-system,"PingFang SC","Noto Sans CJK SC",sans-serif;box-shadow:0 16px 48px rgba(0,0,0,.28);animation:iv .18s}
.iv img{display:block;max-width:100%;max-height:160px;border-radius:10px;margin:0 auto 14px}.iv p{margin:0 0 16px;white-space:pre-wrap;overflow-wrap:anywhere}.iv small{display:block;opacity:.9;font-size:13px}
.iv div{display:flex;gap:10px;flex-wrap:wrap}.iv button{all:unset;box-sizing:border-box;cursor:pointer;min-height:38px;padding:7px 18px;border-radius:10px;font-weight:600;position:static;width:auto;box-shadow:none}
.iv button:hover{transform:none;filter:brightness(.96)}.iv button:focus-visible{outline:2px solid currentColor;outline-offset:2px;box-shadow:none}@keyframes iv{from{opacity:0}}@media(prefers-reduced-motion:reduce){.iv{animation:none}}`
const NS = '/parlor/visitor'

interface Hello { token: string; visits: number; serving?: boolean }

function live(kit: Kit) {
  const { s, root } = kit
  const invite = s.invite ?? { zone: 0 }
  const ms = () => performance.now()
  let socket: WebSocket | undefined
  let ready = false
  let tries = 0
  let hello: Hello | undefined
  let page = kit.page()
  let since = ms()
  let box: HTMLElement | undefined
  let current = ''
  /** Whose connection this is: by the token, and by the identity that was said. */
  let mine = ''
  let as: string | undefined

  const emit = (event: string, arg: unknown, ack: number | '' = '') => {
    if (ready) socket!.send(`42${NS},${ack}${JSON.stringify([event, arg])}`)
  }
  const connect = () => {
    if (!kit.track()) return
    as = kit.identity()
    try {
      socket = new WebSocket(s.origin.replace(/^http/, 'ws') + '/socket.io/?EIO=4&transport=websocket')
    } catch {
      return beacon()
    }
    let greeted = false
    socket.onmessage = (e) => {
      const data = String(e.data)
      if (data[0] === '0') socket!.send(`40${NS},${JSON.stringify({ inbox: s.inbox, token: kit.token(), identity: as, locale: kit.locale(), page })}`)
      else if (data === '2') socket!.send('3')
      else if (data.startsWith('40')) { ready = greeted = true; tries = 0 }
      else if (data.startsWith('44')) {
        tries = 99
        socket!.close()
        const why = /"(identity_\w+)"/.exec(data)
        if (why) kit.fire('identity', why[1])
      }
      else if (data.startsWith('43' + NS)) { if (!data.includes('"error":{')) allowed() }
      else if (data.startsWith('42' + NS)) {
        const [event, arg] = JSON.parse(data.slice(3 + NS.length)) as [string, never]
        hear(event, arg)
      }
    }
    socket.onclose = () => {
      ready = false
      if (!greeted && tries === 0) beacon()
      if (tries < 8) setTimeout(connect, Math.min(60_000, 2_000 * 2 ** tries++) * (0.75 + Math.random() / 2))
    }
  }
  const beacon = () => {
    if (kit.token()) navigator.sendBeacon(s.origin + '/api/parlor/v1/visitor/page', JSON.stringify({ token: kit.token(), url: page.url, title: page.title }))
  }
  const hear = (event: string, arg: unknown) => {
    if (event === 'hello') {
      hello = arg as Hello
      mine = hello.token
      if (!kit.token() || as) kit.token(hello.token)
    } else if (event === 'invite') {
      const got = arg as { id: string; text?: string; agent?: string }
      draw(got.id, got.text, got.agent)
    } else if (event === 'invite-answered' && (arg as { id: string }).id === current) close()
    else if (event === 'state') {
      const status = (arg as { status: string }).status
      if (hello) hello.serving = status !== 'closed'
      if (status !== 'closed') close()
    }
  }

  const words = () => WORDS[kit.locale().slice(0, 2)] ?? WORDS.en!
  const text = (t?: Text) => {
    const l = kit.locale().slice(0, 2)
    return t && (t[l === 'zh' ? 'zh-CN' : l === 'pt' ? 'pt-BR' : 'en'] || t['']) || ''
  }
  const close = () => { box?.remove(); box = undefined; current = '' }
  const answer = (accept: boolean) => {
    emit('invite-answer', { id: current, accept })
    kit.fire(accept ? 'invite-accepted' : 'invite-refused')
    if (!accept) kit.store('localStorage', '.refused', '' + Date.now())
    close()
    if (accept) kit.open()
  }
  const draw = (id: string, said = '', who = '') => {
    if (box || kit.shown() || hello?.serving) return
    current = id
    const color = invite.color || s.color || '#2458d8'
    const [r, g, b] = [1, 3, 5].map((i) => (parseInt(color.slice(i, i + 2), 16) / 255) ** 2.2)
    const ink = 0.2126 * r! + 0.7152 * g! + 0.0722 * b! > 0.2 ? '#111' : '#fff'
    const [side = 'center', height = ''] = (invite.position || 'center').split(',')
    const el = document.createElement('div')
    el.className = 'iv'
    el.setAttribute('role', 'dialog')
    el.setAttribute('aria-label', words()[3])
    const style = el.style
    style.width = (invite.width || 360) + 'px'
    style.background = color
    style.color = ink
    if (side === 'center') Object.assign(style, { left: '50%', top: '50%', transform: 'translate(-50%,-50%)' })
    else {
      style.setProperty(side, '20px')
      if (height === 'middle') Object.assign(style, { top: '50%', transform: 'translateY(-50%)' })
      else style.setProperty(height, height === 'bottom' ? '92px' : '20px')
    }
    const add = <K extends keyof HTMLElementTagNameMap>(tag: K, to: HTMLElement, content = '') => {
      const e = to.appendChild(document.createElement(tag))
      e.textContent = content
      return e
    }
    if (invite.image) Object.assign(add('img', el), { src: s.origin + invite.image, alt: '' })
    if (who) add('small', el, who)
    add('p', el, said || text(invite.text) || words()[0])
    const row = add('div', el)
    const yes = add('button', row, text(invite.accept) || words()[1])
    Object.assign(yes.style, { background: ink, color })
    yes.onclick = () => answer(true)
    const no = add('button', row, text(invite.later) || words()[2])
    no.style.border = '1px solid'
    no.onclick = () => answer(false)
    el.onkeydown = (e) => { if (e.key === 'Escape') { e.stopPropagation(); answer(false) } }
    box = root.appendChild(el)
    kit.fire('invite')
    // Only who is idle is interrupted: whoever types keeps the focus.
    if (document.activeElement === document.body) yes.focus({ preventScroll: true })
  }
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(CSS)
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]

  // The rules, looked at once a second while somebody looks at the page.
  const rules: Rule[] = invite.rules ?? []
  let asked: Rule | undefined
  let pause = 0
  const allowed = () => {
    kit.store('sessionStorage', '.invited', '1')
    kit.store('localStorage', '.invited', '' + Date.now())
    draw('', text(asked?.text))
  }
  const look = () => {
    if (box || document.hidden || kit.shown() || !hello || hello.serving || ms() < pause) return
    const rule = holds(rules, {
      spent: (ms() - since) / 1_000, url: page.url, referrer: page.referrer ?? '', visits: hello.visits, now: Date.now(), zone: invite.zone,
      invited: !!kit.store('sessionStorage', '.invited'), asked: +kit.store('localStorage', '.invited'),
    })
    if (!rule) return
    // The server knows who is at work; if it says no, the rule is looked at again later.
    asked = rule
    pause = ms() + 10_000
    emit('invite-shown', { rule: rule.name || 'rule ' + (rules.indexOf(rule) + 1) }, 1)
  }
  if (rules.length) setInterval(look, 1_000)

  kit.hit = (p: PageRef) => {
    if (as !== kit.identity() || (mine && kit.token() && kit.token() !== mine)) {
      // The panel became somebody else, who was there before, or signed in: the page is that visitor's.
      mine = ''
      tries = 0
      page = p
      return void (ready ? socket!.close() : connect())
    }
    if (p.url === page.url && p.title === page.title) return
    page = p
    since = ms()
    if (ready) emit('page', p)
    else beacon()
  }
  const soon = () => setTimeout(kit.moved, 300)
  for (const name of ['pushState', 'replaceState'] as const) {
    const own = history[name]
    history[name] = function (...args: Parameters<typeof own>) {
      own.apply(this, args)
      soon()
    }
  }
  addEventListener('popstate', soon)
  addEventListener('hashchange', soon)
  connect()
}

const kit = window.__parlorKit
if (kit) live(kit)
