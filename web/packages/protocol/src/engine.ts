/**
 * Engine.IO 4 over one connection: WebSocket, or HTTP long-polling where WebSockets do not get through.
 * Text packets only; files travel over HTTP.
 */
export interface Engine {
  /** Queues one Engine.IO packet, type character included. */
  send(packet: string): void
  close(): void
}
export interface EngineEvents {
  /** Handshake done. */
  open(): void
  /** A message packet (type 4), without its type character. */
  message(data: string): void
  /** Ended; called once. `opened` is false when the handshake never came. */
  close(reason: string, opened: boolean): void
}

const SEPARATOR = '\x1e'

/** Shared life of both transports: handshake, heartbeat, one close. */
abstract class Base implements Engine {
  protected opened = false
  protected done = false
  private beat?: ReturnType<typeof setTimeout>
  private span = 20_000
  private heard = Date.now()
  constructor(protected url: string, protected on: EngineEvents) {
    this.watch()
  }
  abstract send(packet: string): void
  protected abstract shut(): void

  /** Arms the timer after which a silent peer counts as gone. */
  private watch() {
    clearTimeout(this.beat)
    this.heard = Date.now()
    this.beat = setTimeout(() => this.finish('ping timeout'), this.span)
  }
  /** True if the peer was silent for too long, for instance while the machine slept. */
  get stale() {
    return Date.now() - this.heard > this.span
  }
  protected packet(p: string) {
    if (this.done) return
    this.watch()
    const type = p[0]
    if (type === '0') {
      const hello = JSON.parse(p.slice(1)) as { sid: string; pingInterval: number; pingTimeout: number }
      this.span = hello.pingInterval + hello.pingTimeout
      this.opened = true
      this.greet(hello.sid)
      this.watch()
      this.on.open()
    } else if (type === '2') this.send('3' + p.slice(1))
    else if (type === '4') this.on.message(p.slice(1))
    else if (type === '1') this.finish('server close')
  }
  protected greet(_sid: string) {}
  protected finish(reason: string) {
    if (this.done) return
    this.done = true
    clearTimeout(this.beat)
    this.shut()
    this.on.close(reason, this.opened)
  }
  close() {
    this.finish('client close')
  }
}

/** Engine.IO over a WebSocket. */
export class SocketEngine extends Base {
  private ws: WebSocket
  constructor(url: string, on: EngineEvents) {
    super(url, on)
    this.ws = new WebSocket(url.replace(/^http/, 'ws') + '?EIO=4&transport=websocket')
    this.ws.onmessage = (e) => this.packet(String(e.data))
    this.ws.onclose = (e) => this.finish(e.reason || 'transport close')
    this.ws.onerror = () => this.finish('transport error')
  }
  send(packet: string) {
    if (!this.done && this.ws.readyState === 1) this.ws.send(packet)
  }
  protected shut() {
    this.ws.onclose = this.ws.onerror = this.ws.onmessage = null
    this.ws.close()
  }
}

/** Engine.IO over long-polling: one waiting GET, one POST at a time with whatever has piled up. */
export class PollEngine extends Base {
  private sid = ''
  private queue: string[] = []
  private posting = false
  private abort = new AbortController()
  constructor(url: string, on: EngineEvents) {
    super(url, on)
    void this.poll()
  }
  private at() {
    return `${this.url}?EIO=4&transport=polling${this.sid ? '&sid=' + this.sid : ''}&t=${Date.now().toString(36)}`
  }
  private async poll() {
    try {
      while (!this.done) {
        const r = await fetch(this.at(), { signal: this.abort.signal, credentials: 'same-origin' })
        if (!r.ok) return this.finish('poll ' + r.status)
        for (const p of (await r.text()).split(SEPARATOR)) this.packet(p)
      }
    } catch {
      this.finish('poll error')
    }
  }
  protected override greet(sid: string) {
    this.sid = sid
  }
  send(packet: string) {
    if (this.done) return
    this.queue.push(packet)
    if (!this.posting) void this.post()
  }
  private async post() {
    this.posting = true
    try {
      while (this.queue.length && !this.done) {
        const r = await fetch(this.at(), {
          method: 'POST', body: this.queue.splice(0).join(SEPARATOR), signal: this.abort.signal,
          headers: { 'Content-Type': 'text/plain;charset=UTF-8' }, credentials: 'same-origin',
        })
        if (!r.ok) this.finish('post ' + r.status)
      }
    } catch {
      this.finish('post error')
    }
    this.posting = false
  }
  protected shut() {
    this.abort.abort()
    if (this.sid) navigator.sendBeacon?.(this.at(), '1')
  }
}
