import { disconnected, problemOf, toError } from '@parlor/protocol/errors'
import { Outbox, type Pending } from '@parlor/protocol/outbox'
import { Socket, backoff, type Link } from '@parlor/protocol/socket'
import { localStore, throttle } from '@parlor/protocol/store'
import type { Answer, FileInfo, Message, VisitorEmit, VisitorListen, VisitorSession, VisitorState } from '@parlor/protocol/types'
import type { Hello, PageRef, ToHost, ToPanel, Wish } from '../bridge'

const VISITOR = '/api/parlor/v1/visitor/'
type Call = 'session' | 'messages'
const PAGE = 50

/** A file on its way to the server; afterwards it becomes a pending message. */
export interface Upload { id: number; file: File; preview: string; part: number; error?: 'size' | 'refused' | 'lost' | undefined; abort: AbortController; duration?: number }

/** Everything the panel shows, and the only part that talks to the server and to the host page. */
export class Chat {
  phase: 'loading' | 'ready' | 'broken' = 'loading'
  link: Link = 'offline'
  shown = false
  session?: VisitorSession
  state?: VisitorState
  messages: Message[] = []
  atTop = true
  pending: Pending[] = []
  uploads: Upload[] = []
  typing = ''
  /** What stands before the conversation, if anything, and why a message is left: one may be left while it is queued, or a robot's, which is its status then. */
  gate: '' | 'form' | 'offline' = ''
  why = ''
  /** Why nothing can be shown, in the visitor's language. */
  note = ''
  /** The conversation that an agent asks to rate. */
  surveyed = ''
  token: string
  page: PageRef
  socket?: Socket<VisitorEmit, VisitorListen>
  private outbox: Outbox
  private tries = 0
  private quiet?: ReturnType<typeof setTimeout>
  private joined?: string
  onTheme?: (theme: string) => void
  onLocale?: (locale: string) => void

  constructor(private hello: Hello, private port: MessagePort, readonly changed: () => void) {
    this.token = hello.token
    this.page = hello.page
    // There before the server has answered, so that whatever is written early is kept too.
    // What somebody who is signed in has not sent yet must not wait in the browser for whoever comes next.
    const storage = hello.identity ? null : localStore()
    this.outbox = new Outbox({
      ...(storage ? { storage } : {}), scope: `parlor.out.${this.hello.settings.inbox}.`,
      send: async (p) => {
        if (!this.socket) throw disconnected()
        const { team, agent } = this.wish
        try {
          if (!this.state && (team || agent)) this.setState(await this.socket.request('start', { ...this.wish, page: this.page }))
          const a = await this.socket.request('post', {
            clientId: p.clientId, kind: p.kind, text: p.text, file: p.file?.id, duration: p.file?.duration, conversation: p.conversation, ext: p.ext,
          })
          this.setState(a.state)
          return a.message
        } catch (e) {
          const { reason } = toError(e)
          if (reason === 'closed' || reason === 'queue_full') this.refuse(reason === 'closed' ? 'notinworktime' : 'full')
          throw e
        }
      },
      sent: (_, m) => this.receive(m),
      changed: () => {
        this.pending = this.outbox.items
        this.changed()
      },
    })
    this.pending = this.outbox.items
    port.onmessage = (e) => this.hear(e.data as ToPanel)
    this.tell({ t: 'ready' })
    void this.arrive()
  }
  tell(m: ToHost) {
    this.port.postMessage(m)
  }
  private hear(m: ToPanel) {
    if (m.t === 'show') {
      this.shown = m.on
      if (m.on) this.open()
    } else if (m.t === 'page') this.page = m.page
    else if (m.t === 'theme') this.onTheme?.(m.theme)
    else if (m.t === 'locale') this.onLocale?.(m.locale)
    else this.hello.compact = m.compact
    this.changed()
  }
  get wish(): Wish {
    return this.hello.wish ?? {}
  }
  /** Shows the page on which a message is left. */
  private refuse(why: string) {
    this.why = why
    this.gate = 'offline'
    this.changed()
  }
  private decide() {
    const s = this.session
    const w = s?.inbox.widget
    if (!w || (this.state && this.state.status !== 'closed')) return void (this.gate = '')
    this.why = s.refused || (s.staffed ? '' : 'noagent')
    this.gate = this.why && (s.refused || !w.offline.disabled) ? 'offline' : (w.preChat.enabled && (w.preChat.always || !s.known)) || w.teams ? 'form' : ''
  }
  /** Begins after the form. */
  enter(team: string, text?: string) {
    if (team) this.hello.wish = { ...this.wish, team }
    this.gate = ''
    this.session!.known = true
    if (text) this.send(text)
    this.changed()
  }
  get compact() {
    return this.hello.compact
  }

  /** Calls the server by a path of its document. */
  call<P extends Call, M extends 'get' | 'post' = 'get'>(path: P, query = '', init?: RequestInit): Promise<Answer<`${typeof VISITOR}${P}`, M>> {
    return this.ask(path + query, init)
  }
  async ask<T = unknown>(path: string, init?: RequestInit): Promise<T> {
    const r = await fetch(VISITOR + path, { ...init, headers: { Authorization: 'Bearer ' + this.token, 'Content-Type': 'application/json', ...init?.headers } })
    if (!r.ok) throw await problemOf(r)
    return (await r.json()) as T
  }

  /** Asks who we are. Repeats until the server answers, unless it refuses for good. */
  private async arrive() {
    try {
      const s: VisitorSession = await this.call<'session', 'post'>('session', '', {
        method: 'POST', headers: { Authorization: '' }, body: JSON.stringify({ inbox: this.hello.settings.inbox, locale: this.hello.locale, page: this.page, identity: this.hello.identity, ...(this.token ? { token: this.token } : {}) }),
      })
      this.session = s
      this.token = s.token
      this.tries = 0
      this.tell({ t: 'token', token: s.token })
      this.setUp()
      this.state = s.conversation
      this.decide()
      if (s.conversation) await this.load()
      this.phase = 'ready'
      if (this.shown || s.conversation || this.pending.length) this.open()
      this.report()
    } catch (e) {
      const error = toError(e)
      if (error.reason.startsWith('identity')) {
        this.phase = 'broken'
        this.note = error.message
        this.tell({ t: 'event', name: 'identity', data: error.reason })
      } else if (this.token && error.code === 'unauthenticated') this.token = ''
      else if (!error.temporary && error.code !== 'internal') this.phase = 'broken'
      if (this.phase !== 'broken') setTimeout(() => void this.arrive(), backoff(this.tries++))
    }
    this.changed()
  }
  private setUp() {
    if (this.socket) return
    this.socket = new Socket({ url: location.origin + '/socket.io/', namespace: '/parlor/visitor', auth: () => ({ token: this.token, locale: this.hello.locale }) })
    const on = this.socket.on.bind(this.socket)
    on('link', (l) => {
      this.link = l
      if (l === 'online') void this.resume()
      this.changed()
    })
    on('refused', (e) => {
      if (e.code !== 'unauthenticated') this.phase = 'broken'
      else {
        this.token = ''
        void this.arrive()
      }
      this.changed()
    })
    on('message', (m) => this.receive(m))
    on('state', (x) => {
      const known = this.state
      this.setState(x)
      if (!known && x.lastSeq && !this.messages.length) void this.load()
    })
    on('call', (x) => void import('./call').then((m) => m.take(this, x), () => undefined))
    on('survey', (x) => { this.surveyed = x.conversation; this.changed() })
    on('typing', (x) => {
      clearTimeout(this.quiet)
      this.typing = x.on ? x.name || '…' : ''
      if (x.on) this.quiet = setTimeout(() => { this.typing = ''; this.changed() }, 6_000)
      this.changed()
    })
    on('read', ({ seq }) => {
      if (this.state) this.state.agentRead = Math.max(this.state.agentRead, seq)
      this.changed()
    })
  }
  private open() {
    this.socket?.connect()
  }
  get offline() {
    return this.phase === 'ready' ? this.link !== 'online' && (this.shown || this.pending.length > 0) : this.tries > 0
  }

  setState(s: VisitorState) {
    if (this.state?.conversation !== s.conversation) {
      // The server began a new conversation: what is on screen belongs to the one before.
      if (this.state && this.joined !== s.conversation) this.messages = this.messages.filter((m) => m.conversation === s.conversation)
      this.joined = s.conversation
    }
    this.state = { ...s, agentRead: Math.max(s.agentRead, this.state?.conversation === s.conversation ? this.state.agentRead : 0) }
    if (s.status === 'closed') this.typing = ''
    else if (s.status !== this.why) this.gate = ''
    this.report()
  }
  /** Reads the newest page of the running conversation anew. */
  private async load() {
    const r = await this.call('messages', '?limit=' + PAGE)
    const list = r.items ?? []
    // What came while the page was on its way stays.
    this.messages = [...list, ...this.messages.filter((m) => m.seq > (list.at(-1)?.seq ?? 0))]
    this.atTop = (this.messages[0]?.prev ?? 0) === 0
    this.changed()
  }
  /** Catches up after a connect or a gap. A conversation may have begun elsewhere meanwhile. */
  async resume() {
    const conversation = this.state && this.state.status !== 'closed' ? this.state.conversation : ''
    try {
      const r = await this.socket!.request('resume', { conversation, seq: (conversation && this.messages.at(-1)?.seq) || 0 })
      if (r.reload) await this.load()
      else for (const m of r.messages ?? []) this.receive(m, true)
      if (r.state) this.setState(r.state)
      await this.outbox.flush()
    } catch {
      // Lost again: the next connect repeats this.
    }
  }
  private receive(m: Message, resumed = false) {
    const list = this.messages.filter((x) => x.conversation === m.conversation)
    const last = list.at(-1)
    if (last && m.seq <= last.seq) {
      if (list.some((x) => x.seq === m.seq)) return
    } else if (!resumed && m.prev > (last?.seq ?? 0)) {
      void (this.state ? this.resume() : this.load())
      return
    }
    // The line of a change names its message and carries the new text; that of a recall carries none.
    const l = m.line
    this.messages = [...list.map((x) => (x.seq === l?.seq ? { ...x, text: l.text! } : x)), m].sort((a, b) => a.seq - b.seq)
    if (!last) this.atTop = m.prev === 0
    if (this.state?.conversation === m.conversation) this.state.lastSeq = Math.max(this.state.lastSeq, m.seq)
    if (m.from.kind === 'agent') {
      this.typing = ''
      this.tell({ t: 'event', name: 'message', data: { from: m.from.name ?? '', kind: m.kind } })
    }
    this.report()
  }

  get unread() {
    const read = this.state?.visitorRead ?? 0
    return this.messages.filter((m) => m.from.kind === 'agent' && m.seq > read).length
  }
  /** Tells the page what is unread, and the screen that something changed. */
  private report() {
    this.tell({ t: 'unread', n: this.unread, active: !!this.state && this.state.status !== 'closed' })
    this.changed()
  }
  /** The visitor sees the end of the log. */
  seen() {
    const seq = this.messages.at(-1)?.seq ?? 0
    if (!this.state || !this.shown || document.hidden || this.link !== 'online' || !this.unread) return
    this.state.visitorRead = seq
    void this.socket!.request('read', { seq }).catch(() => undefined)
    this.report()
  }

  /** Sends what is being typed, at most four times a second, where the inbox wants it. */
  preview = throttle<string>(260, (text) => {
    if (!this.session?.inbox.typingPreview || this.state?.status !== 'open') return
    if (this.session.inbox.widget?.redact === false) this.socket?.emit('typing', { text })
    else void import('./redact').then((m) => this.socket?.emit('typing', { text: m.redact(text) }), () => undefined)
  })
  send(text: string) {
    this.preview.cancel()
    this.add({ kind: 'text', text })
  }
  add(p: { kind: 'text' | 'image' | 'file' | 'voice'; text?: string; file?: FileInfo; ext?: object }) {
    if (this.state?.status === 'closed') this.renew()
    const conversation = this.state?.conversation
    this.outbox.add({ lane: 'v', ...p, ...(conversation ? { conversation } : {}) })
    this.open()
  }
  retry(id: string) { this.outbox.retry(id) }
  discard(id: string) { this.outbox.remove(id) }

  files(list: Iterable<File>, duration?: number) {
    const all = [...list]
    void import('./upload').then((m) => m.take(this, all, duration), () => undefined)
  }

  /** Clears the closed conversation away; the next message starts a new one. */
  renew() {
    this.state = undefined
    this.messages = []
    this.atTop = true
    this.decide()
    this.report()
  }
}
