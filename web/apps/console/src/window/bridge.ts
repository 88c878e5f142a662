import type { Message, Schema } from '@parlor/protocol/types'

/** The version of what is posted to pages; it grows when something in it changes its meaning. */
export const VERSION = 1
/** How long a page that has loaded may take to say that it listens, and how long it may take to load, ms. */
const READY = 3_000
const LOAD = 15_000
const MOST = { text: 2_000, line: 500, link: 2_000, articles: 10, waiting: 20 }

type About = Schema['WindowAbout']
type Body = Record<string, unknown>

/** What a page asks of the console. */
export type Ask =
  | { kind: 'ready' }
  | { kind: 'text'; text: string }
  | Card
export interface Card { kind: 'card'; ext: { type?: string; msgtype: Record<string, unknown> }; title: string }

const record = (v: unknown): Record<string, unknown> => (v && typeof v === 'object' && !Array.isArray(v) ? (v as Record<string, unknown>) : {})
const text = (v: unknown, most: number) => (typeof v === 'string' ? v.trim().slice(0, most) : '')
/** An address that a card may have. The server looks at it again. */
const link = (v: unknown) => { const s = text(v, MOST.link); return /^(https?:)?\/\//.test(s) ? s : '' }

/** The articles or the mini program among what a page sends. */
function cardOf(all: Record<string, unknown>): Card | undefined {
  if (Array.isArray(all.articles)) {
    const articles = all.articles.slice(0, MOST.articles).map(record).map((a) => ({ title: text(a.title, MOST.line), description: text(a.description, MOST.line), url: link(a.url), picurl: link(a.picurl) })).filter((a) => a.title && a.url)
    if (articles.length) return { kind: 'card', ext: { msgtype: { articles } }, title: articles[0]!.title }
  }
  const page = record(all.miniprogrampage)
  const title = text(page.title, MOST.line)
  if (title) return { kind: 'card', ext: { msgtype: { miniprogrampage: { title, pagePath: text(page.pagePath, MOST.line), thumbMediaId: text(page.thumbMediaId, MOST.line), thumbUrl: link(page.thumbUrl) } } }, title }
  return undefined
}

/** The card of an ext message. What else it may hold steers conversations, which pages do not. */
function extOf(data: unknown): Card | undefined {
  const kinds = record(record(record(data).ext ?? data).msgtype)
  for (const kind of ['order', 'track']) {
    const o = record(kinds[kind])
    const words = Object.fromEntries(['title', 'order_title', 'order_id', 'price', 'desc'].map((k) => [k, text(o[k], MOST.line)]).filter(([, v]) => v))
    const title = words.order_title ?? words.title
    if (title) return { kind: 'card', ext: { msgtype: { [kind]: { ...words, img_url: link(o.img_url), item_url: link(o.item_url) } } }, title }
  }
  const form = record(kinds.html)
  const url = link(form.url)
  const topic = text(form.topic, MOST.line)
  if (url && topic) return { kind: 'card', ext: { type: 'html/form', msgtype: { html: { url, topic, desc: text(form.desc, MOST.line) } } }, title: topic }
  return cardOf(kinds)
}

/** Reads what a page has posted; undefined for all that is no request. */
export function readAsk(data: unknown): Ask | undefined {
  const kefu = record(record(record(data).easemob).kefu)
  if (kefu.ready === true) return { kind: 'ready' }
  const send = record(kefu.sendMsg)
  if (send.type === 'txt' || send.type === undefined) {
    const said = typeof send.msg === 'string' ? send.msg.trim() : ''
    if (said && said.length <= MOST.text) return { kind: 'text', text: said }
  }
  return cardOf(kefu) ?? extOf(kefu.sendExtMsg)
}

const KINDS: Record<string, string> = { image: 'img', voice: 'audio', file: 'file', cooperation: 'img' }

/** The parts of a message, as pages know them. */
function bodies(m: Message): Body[] {
  if (m.recalled) return []
  const file = m.file && { type: KINDS[m.kind] ?? 'file', url: new URL(m.file.url, location.origin).href, filename: m.file.name, file_length: m.file.size }
  const said = m.extra?.worded ? '' : (m.text ?? '')
  return [...(file ? [file] : []), ...(said || !file ? [{ type: 'txt', msg: said }] : [])]
}
const short = (m: Message) => { const b = bodies(m)[0]; return { msg: b?.msg ?? b?.url ?? '', type: b?.type ?? 'txt' } }

/** What is posted to a page when the button below a message is pressed. */
export function interactive(m: Message, about: About): object {
  return { easemob: { kefu: {
    interactive_msg: { version: VERSION, interactiveFlag: m.extra?.flag ?? '', msgId: m.id, createdAt: Date.parse(m.at), ...about, bodies: bodies(m), ext: m.extra?.ext ?? {} },
    visitor_msg: short(m),
  } } }
}
/** What is posted to a page when the visitor writes. */
export const synced = (m: Message): object => ({ easemob: { kefu: { visitor_msg: short(m) } } })

/** An address without what is different each time. */
export const lasting = (address: string) => address.replace(/&kefu_ts=\d+&kefu_sign=[0-9a-f]+/, '')

/** Lets through so many in a minute. */
export class Gate {
  private passed: number[] = []
  constructor(private most = 10, private now: () => number = Date.now) {}
  take(): boolean {
    const at = this.now()
    this.passed = this.passed.filter((x) => at - x < 60_000)
    if (this.passed.length >= this.most) return false
    this.passed.push(at)
    return true
  }
}

/** The way to one page: what is posted waits until the page listens; what comes from elsewhere does not count. */
export class Port {
  private open = false
  private timer: ReturnType<typeof setTimeout> | undefined
  private waiting: { data: object; done: (sent: boolean) => void; timer: ReturnType<typeof setTimeout> }[] = []

  /** `origin` is the one origin that the page is spoken to and heard from. */
  constructor(readonly origin: string, private page: () => Pick<Window, 'postMessage'> | null | undefined) {}

  /** Whether an event comes from the page. */
  accepts(e: Pick<MessageEvent, 'source' | 'origin'>): boolean {
    const page = this.page()
    return !!page && e.source === page && e.origin === this.origin
  }
  /** The page goes to another address. */
  reset() {
    this.open = false
    clearTimeout(this.timer)
  }
  /** The page has loaded. If it does not say that it listens it is given the time to. */
  loaded() {
    clearTimeout(this.timer)
    if (!this.open) this.timer = setTimeout(() => this.ready(), READY)
  }
  /** The page listens. */
  ready() {
    clearTimeout(this.timer)
    this.open = true
    for (const w of this.waiting.splice(0)) {
      clearTimeout(w.timer)
      w.done(this.post(w.data))
    }
  }
  /** Posts as soon as the page listens; false if it never does. */
  deliver(data: object): Promise<boolean> {
    if (this.open) return Promise.resolve(this.post(data))
    if (this.waiting.length >= MOST.waiting) return Promise.resolve(false)
    return new Promise((done) => {
      const one = { data, done, timer: setTimeout(() => { this.waiting = this.waiting.filter((w) => w !== one); done(false) }, LOAD) }
      this.waiting.push(one)
    })
  }
  /** Nothing is posted any more. */
  close() {
    this.reset()
    for (const w of this.waiting.splice(0)) {
      clearTimeout(w.timer)
      w.done(false)
    }
  }
  private post(data: object): boolean {
    const page = this.page()
    // Plain data: what the console watches cannot be handed over as it is.
    page?.postMessage(JSON.parse(JSON.stringify(data)), this.origin)
    return !!page
  }
}
