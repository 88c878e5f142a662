import type { Hello, Settings, ToHost, Wish } from '../bridge'

/** The panel as a page of its own: what the loader would say comes with the page. */
export function full(content: string, begin: (hello: Hello, port: MessagePort) => void) {
  const b = JSON.parse(content) as Settings & Wish & { token: string; page: { url: string; title: string } }
  const channel = new MessageChannel()
  const title = document.title = b.name
  channel.port2.onmessage = (e) => {
    const m = e.data as ToHost
    if (m.t === 'close') {
      if (window.opener) window.close()
      else if (history.length > 1) history.back()
    } else if (m.t === 'unread') document.title = (m.n && document.hidden ? `(${m.n}) ` : '') + title
  }
  begin({
    parlor: 1, settings: b, locale: b.locale || navigator.language, theme: 'auto', token: b.token, page: b.page, compact: innerWidth <= 480,
    wish: { ...(b.team ? { team: b.team } : {}), ...(b.agent ? { agent: b.agent } : {}), ...(b.lvtype ? { lvtype: b.lvtype } : {}), ...(b.product ? { product: b.product } : {}) },
  }, channel.port1)
  channel.port2.postMessage({ t: 'show', on: true })
}
