import { Base, type EngineEvents } from './engine'

const SEPARATOR = '\x1e'

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
