/**
 * The script on the host page. It draws the button, reports the page and hosts the frame with the panel; the
 * conversation itself lives in the frame only. Nothing is loaded and no socket is opened before the visitor asks,
 * except when a conversation is already running.
 */
import type { Hello, Kit, PageRef, Settings, ToHost, ToPanel } from './bridge'

type Args = [command: string, ...rest: unknown[]]
declare global {
  interface Window { Parlor?: { (...args: Args): void; q?: Args[] }; __parlor?: Settings; __parlorKit?: Kit }
}

const TEXTS: Record<string, [string, string, string]> = {
  zh: ['打开在线客服', '收起在线客服', '条未读消息'],
  en: ['Open chat', 'Close chat', 'unread messages'],
  pt: ['Abrir o chat', 'Fechar o chat', 'mensagens não lidas'],
}
const CSS = `:host{all:initial!important;position:fixed!important;z-index:2147483000!important;inset:auto 0 0 auto!important;display:block!important}
button{all:unset;position:fixed;bottom:20px;inset-inline-end:20px;width:58px;height:58px;border-radius:50%;cursor:pointer;display:grid;place-items:center;box-shadow:0 6px 20px rgba(0,0,0,.22);transition:transform .12s}
button:hover{transform:scale(1.05)}button:focus-visible{outline:3px solid #fff;box-shadow:0 0 0 6px #1b4fd0}
svg{width:27px;height:27px;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
b{position:absolute;top:-3px;inset-inline-end:-3px;min-width:20px;height:20px;border-radius:10px;background:#c81e2b;color:#fff;font:600 12px/20px system-ui,sans-serif;text-align:center;padding:0 5px;box-sizing:border-box}b:empty{display:none}
iframe{position:fixed;bottom:92px;inset-inline-end:20px;width:384px;height:min(640px,calc(100dvh - 112px));border:0;border-radius:16px;box-shadow:0 16px 48px rgba(0,0,0,.24);background:transparent;color-scheme:normal;opacity:1;transition:opacity .14s,transform .14s}
iframe.x{visibility:hidden;opacity:0;transform:translateY(8px);pointer-events:none}
@media(max-width:480px){iframe{inset:0;width:100%;height:100dvh;border-radius:0}iframe:not(.x)~button{display:none}}
@media(prefers-reduced-motion:reduce){*{transition:none!important}}@media print{:host{display:none!important}}`

const doc = document
const tag = doc.currentScript as HTMLScriptElement | null
const settings = window.__parlor

function run(s: Settings) {
  const data = tag?.dataset ?? {}
  const KEY = 'parlor.' + s.inbox
  const memory: Record<string, string> = {}
  const stored = (area: 'localStorage' | 'sessionStorage', key: string, value?: string): string => {
    try {
      const store = window[area]
      if (value === undefined) return store.getItem(KEY + key) ?? ''
      if (value) store.setItem(KEY + key, value)
      else store.removeItem(KEY + key)
    } catch {
      if (value === undefined) return memory[key] ?? ''
      memory[key] = value
    }
    return ''
  }
  let track = data.track !== 'off'
  let token = stored('localStorage', '')
  let identity = data.identity
  let locale = data.lang || s.locale || navigator.language
  let theme = data.theme || 'auto'
  let frame: HTMLIFrameElement | undefined
  let port: MessagePort | undefined
  let shown = false
  let unread = 0
  const listeners: Record<string, ((d?: unknown) => void)[]> = {}
  const small = matchMedia('(max-width:480px)')
  const words = () => TEXTS[locale.slice(0, 2)] || TEXTS.en!
  const page = (): PageRef => ({ url: location.href, title: doc.title, referrer: doc.referrer })
  const say = (m: ToPanel) => port?.postMessage(m)
  const fire = (name: string, d?: unknown) => listeners[name]?.forEach((fn) => fn(d))

  // The button, out of reach of the host's styles.
  const host = doc.createElement('parlor-chat')
  const root = host.attachShadow({ mode: 'closed' })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(CSS + (s.css || ''))
  root.adoptedStyleSheets = [sheet]
  const button = doc.createElement('button')
  button.type = 'button'
  const icon = doc.createElementNS('http://www.w3.org/2000/svg', 'svg')
  icon.setAttribute('viewBox', '0 0 24 24')
  const path = icon.appendChild(doc.createElementNS('http://www.w3.org/2000/svg', 'path'))
  const badge = doc.createElement('b')
  const label = s.label && (s.label[locale.slice(0, 2)] || s.label[''])
  button.append(s.icon ? Object.assign(new Image(26, 26), { src: s.origin + s.icon, alt: '' }) : icon, badge)
  if (label) button.appendChild(doc.createElement('u')).textContent = label
  root.append(button)

  const paint = () => {
    path.setAttribute('d', shown ? 'm6 9 6 6 6-6' : 'M7.9 20A9 9 0 1 0 4 16.1L2 22Z')
    badge.textContent = unread && !shown ? (unread > 9 ? '9+' : '' + unread) : ''
    const w = words()
    button.setAttribute('aria-label', w[shown ? 1 : 0]! + (badge.textContent ? ` (${unread} ${w[2]})` : ''))
    button.setAttribute('aria-expanded', '' + shown)
    button.dir = 'ltr'
  }
  const make = () => {
    if (frame) return
    frame = doc.createElement('iframe')
    frame.className = 'x'
    frame.title = s.name
    frame.allow = 'microphone;camera'
    frame.src = `${s.origin}/w/panel/?inbox=${encodeURIComponent(s.inbox)}`
    frame.onload = () => {
      const channel = new MessageChannel()
      port = channel.port1
      port.onmessage = (e) => hear(e.data as ToHost)
      const hello: Hello = { parlor: 1, settings: s, locale, theme, token, identity, page: page(), compact: small.matches, wish: { team: data.team, agent: data.agent } as Hello['wish'] }
      frame!.contentWindow!.postMessage(hello, s.origin, [channel.port2])
    }
    root.insertBefore(frame, button)
  }
  const show = (on: boolean, focus = true) => {
    if (on && s.popup) return void open(s.origin + '/im/text/' + s.inbox, 'ukefu-chat', 'width=850,height=600')
    if (on) make()
    shown = on
    frame?.classList.toggle('x', !on)
    stored('sessionStorage', '.open', on && !small.matches ? '1' : '')
    say({ t: 'show', on })
    if (focus && on) frame?.focus()
    else if (focus) button.focus()
    paint()
    fire(on ? 'open' : 'close')
  }
  const hear = (m: ToHost) => {
    if (m.t === 'ready') {
      if (shown) say({ t: 'show', on: true })
      fire('ready')
    } else if (m.t === 'close') show(false)
    else if (m.t === 'token') {
      token = m.token
      // Who is signed in stays so by signing in again, never by what the browser keeps.
      if (track) stored('localStorage', '', identity ? '' : token)
      kit.hit?.(page())
    } else if (m.t === 'unread') {
      unread = m.n
      stored('localStorage', '.live', m.active ? '1' : '')
      paint()
      fire('unread', unread)
    } else {
      if (m.name === 'call') show(true, false)
      fire(m.name, m.data)
    }
  }

  // Reporting the page and inviting come after the page has loaded.
  let last = ''
  const kit: Kit = {
    s, root, store: stored, page, fire, locale: () => locale, shown: () => shown, track: () => track, identity: () => identity, moved: () => hit(), open: () => show(true),
    token: (t) => { if (t) hear({ t: 'token', token: t }); return token },
  }
  const hit = () => {
    const p = page()
    if (!track || p.url === last) return
    last = p.url
    say({ t: 'page', page: p })
    if (kit.hit) kit.hit(p)
    else if (!window.__parlorKit) {
      window.__parlorKit = kit
      setTimeout(() => doc.head.append(Object.assign(doc.createElement('script'), { src: s.origin + '/w/live.js' })), 900)
    }
  }
  /** Who looks at the page is said to be somebody else: the panel begins anew, as that person. */
  const identify = (x?: string) => {
    if (x === identity) return
    if (!x) stored('localStorage', '', token = '')
    identity = x
    frame?.remove()
    frame = port = undefined
    unread = 0
    paint()
    if (shown) show(true, false)
    kit.hit?.(page())
  }

  const commands: Record<string, (...a: never[]) => void> = {
    open: () => show(true),
    close: () => show(false),
    toggle: () => show(!shown),
    on: (name: string, fn: (d?: unknown) => void) => { (listeners[name] ??= []).push(fn) },
    off: (name: string, fn: (d?: unknown) => void) => { listeners[name] = (listeners[name] ?? []).filter((x) => x !== fn) },
    theme: (x: string) => { theme = x; say({ t: 'theme', theme }) },
    locale: (x: string) => { locale = x; say({ t: 'locale', locale }); paint() },
    page: () => { last = ''; hit() },
    identify,
    logout: () => identify(),
    consent: () => { track = true; stored('localStorage', '', token); hit() },
  }
  const call = (...args: Args) => (commands[args[0]] as ((...a: unknown[]) => void) | undefined)?.(...args.slice(1))
  const queue = window.Parlor?.q ?? []
  window.Parlor = call

  button.onpointerenter = button.onfocus = make
  button.onclick = () => show(!shown)
  small.onchange = () => say({ t: 'size', compact: small.matches })
  addEventListener('keydown', (e) => { if (e.key === 'Escape' && shown) show(false) })
  paint()
  setTimeout(() => doc.body.append(host), s.delay)
  queue.forEach((args) => call(...args))
  setTimeout(hit, 300)
  if (stored('sessionStorage', '.open')) show(true, false)
  else if (stored('localStorage', '.live')) setTimeout(make, 1_200)
}

if (settings && !(window.Parlor && !window.Parlor.q)) {
  if (doc.body) run(settings)
  else addEventListener('DOMContentLoaded', () => run(settings))
}
