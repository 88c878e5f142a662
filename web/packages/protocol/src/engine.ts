/**
 * Engine.IO 4 over one connection: WebSocket here, HTTP long-polling in poll.ts for networks that let no WebSocket
 * through. Text packets only; files travel over HTTP.
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

/** Shared life of both transports: handshake, heartbeat, one close. */
export abstract class Base implements Engine {
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
