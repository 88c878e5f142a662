import { SocketEngine, type Engine, type EngineEvents } from './engine'
import { disconnected, ParlorError } from './errors'
import type { Problem } from './types'

export type Emit = { [event: string]: [unknown, unknown] }
export type Link = 'connecting' | 'online' | 'offline'

export interface SocketOptions {
  /** Address of the Socket.IO endpoint, for instance `https://chat.example.com/socket.io/`. */
  url: string
  /** Namespace with its leading slash. */
  namespace: string
  /** Credentials, asked for before each connect. */
  auth?: () => object
  /** Longest wait for an acknowledgement, ms. Default 15,000. */
  ackTimeout?: number
  /** For tests: makes the engine of an attempt. */
  engine?: (url: string, polling: boolean, on: EngineEvents) => Engine & { stale?: boolean }
}

/** Wait before attempt `n` (from 0), ms: doubles from 0.5 s to 20 s, spread over ±50 %. */
export function backoff(n: number, random = Math.random): number {
  return Math.min(20_000, 500 * 2 ** n) * (0.5 + random())
}

type Waiter = { done(v: unknown): void; fail(e: Error): void; timer: ReturnType<typeof setTimeout> }

/**
 * A Socket.IO 5 client for one namespace that stays connected until told otherwise.
 *
 * WebSocket first; after two openings that failed it polls, and tries WebSocket again with the next connection.
 * Nothing is buffered: a request without a connection fails at once as `disconnected`, so that whoever owns the
 * data (the outbox, the resume cursor) decides what to repeat.
 */
export class Socket<E extends object, L extends object> {
  link: Link = 'offline'
  private engine?: Engine & { stale?: boolean }
  private joined = false
  private wanted = false
  private attempt = 0
  private badOpens = 0
  private nextAck = 0
  private retry?: ReturnType<typeof setTimeout>
  private acks = new Map<number, Waiter>()
  private listeners = new Map<string, Set<(arg: never) => void>>()
  private prefix: string

  constructor(private options: SocketOptions) {
    this.prefix = options.namespace + ','
    this.wake = this.wake.bind(this)
  }

  /** Calls `fn` for each `event`; the result removes it. Besides the server's events: `link` and `refused`. */
  on<K extends keyof L & string>(event: K, fn: (arg: L[K]) => void): () => void
  on(event: 'link', fn: (link: Link) => void): () => void
  on(event: 'refused', fn: (e: ParlorError) => void): () => void
  on(event: string, fn: (arg: never) => void): () => void {
    const set = this.listeners.get(event) ?? new Set()
    this.listeners.set(event, set.add(fn))
    return () => set.delete(fn)
  }
  private fire(event: string, arg: unknown) {
    this.listeners.get(event)?.forEach((fn) => fn(arg as never))
  }
  private setLink(link: Link) {
    if (this.link === link) return
    this.link = link
    this.fire('link', link)
  }

  /** Connects and keeps reconnecting until close. */
  connect() {
    if (this.wanted) return
    this.wanted = true
    addEventListener('online', this.wake)
    document.addEventListener('visibilitychange', this.wake)
    this.open()
  }
  /** Disconnects for good. */
  close() {
    this.wanted = false
    removeEventListener('online', this.wake)
    document.removeEventListener('visibilitychange', this.wake)
    clearTimeout(this.retry)
    if (this.joined) this.engine?.send('41' + this.prefix)
    this.engine?.close()
    this.setLink('offline')
  }
  /** The network or the page came back: does not wait for the next attempt, and drops a connection that slept. */
  private wake() {
    if (document.visibilityState === 'hidden' || !this.wanted) return
    if (this.engine) {
      if (this.engine.stale) this.engine.close()
    } else {
      this.attempt = 0
      this.open()
    }
  }

  private open() {
    clearTimeout(this.retry)
    this.setLink('connecting')
    const polling = this.badOpens >= 2
    const on: EngineEvents = {
      open: () => {
        this.badOpens = 0
        this.engine!.send('40' + this.prefix + JSON.stringify(this.options.auth?.() ?? {}))
      },
      message: (data) => this.receive(data),
      close: (reason, opened) => {
        if (!opened) this.badOpens = polling ? 0 : this.badOpens + 1
        this.lost(reason)
      },
    }
    const { url, engine } = this.options
    if (engine) this.engine = engine(url, polling, on)
    else if (!polling) this.engine = new SocketEngine(url, on)
    // Few networks need polling, so it is loaded when it is needed.
    else import('./poll').then((m) => { if (this.wanted && !this.engine) this.engine = new m.PollEngine(url, on) }, () => this.lost('poll not loaded'))
  }
  private lost(reason: string) {
    this.engine = undefined
    this.joined = false
    for (const w of this.acks.values()) {
      clearTimeout(w.timer)
      w.fail(disconnected())
    }
    this.acks.clear()
    if (reason === 'session ended') {
      this.close()
      this.fire('refused', new ParlorError({ code: 'unauthenticated', reason: 'unauthenticated' }))
    }
    if (!this.wanted) return
    this.setLink('offline')
    const wait = reason === 'server shutting down' ? 200 + Math.random() * 1_800 : backoff(this.attempt++)
    this.retry = setTimeout(() => this.open(), wait)
  }

  /** One Socket.IO packet: type, namespace, optional ack number, JSON. */
  private receive(data: string) {
    const type = data[0]
    let rest = data.slice(1)
    if (rest.startsWith(this.prefix)) rest = rest.slice(this.prefix.length)
    else if (rest === this.options.namespace) rest = ''
    else return
    const number = /^\d+/.exec(rest)?.[0] ?? ''
    const body = rest.length > number.length ? (JSON.parse(rest.slice(number.length)) as unknown) : undefined
    if (type === '0') {
      this.joined = true
      this.attempt = 0
      this.setLink('online')
    } else if (type === '2') {
      const [event, arg] = body as [string, unknown]
      this.fire(event, arg)
    } else if (type === '3') {
      const w = this.acks.get(+number)
      if (!w) return
      this.acks.delete(+number)
      clearTimeout(w.timer)
      const answer = (body as unknown[])[0] as { error?: Problem } | undefined
      if (answer?.error) w.fail(new ParlorError(answer.error))
      else w.done(answer)
    } else if (type === '4') {
      const b = body as { message?: string; data?: Problem }
      const e = new ParlorError(b.data?.code ? b.data : { code: 'forbidden', reason: b.message ?? 'refused' })
      if (!e.temporary && e.code !== 'internal') this.close()
      else this.engine?.close()
      this.fire('refused', e)
    } else if (type === '1') this.engine?.close()
  }

  /** Sends without an answer. Dropped when there is no connection. */
  emit<K extends keyof E & string>(event: K, arg: E[K] extends [infer A, unknown] ? A : never) {
    if (this.joined) this.engine?.send('42' + this.prefix + JSON.stringify([event, arg]))
  }
  /** Sends and waits for the acknowledgement. Rejects with ParlorError. */
  request<K extends keyof E & string>(
    event: K, arg: E[K] extends [infer A, unknown] ? A : never,
  ): Promise<E[K] extends [unknown, infer R] ? R : never> {
    return new Promise((done, fail) => {
      if (!this.joined) return fail(disconnected())
      const id = this.nextAck++
      const timer = setTimeout(() => {
        this.acks.delete(id)
        fail(disconnected())
      }, this.options.ackTimeout ?? 15_000)
      this.acks.set(id, { done: done as (v: unknown) => void, fail, timer })
      this.engine!.send('42' + this.prefix + id + JSON.stringify(arg === undefined ? [event] : [event, arg]))
    })
  }
}
