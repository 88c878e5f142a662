import { ParlorError, toError } from './errors'
import type { FileInfo, Message, PostKind } from './types'

/** A message that the server has not acknowledged yet. */
export interface Pending {
  clientId: string
  /** Messages of one lane are sent one after the other; lanes do not wait for each other. */
  lane: string
  /** The conversation it was written in, where a lane spans several. */
  conversation?: string
  kind: PostKind
  text?: string
  file?: FileInfo
  /** The structured part, as docs/ext.md has it. */
  ext?: object
  at: string
  /** Set when the server refused it for good; it then waits for a retry by hand. */
  failed?: string
}

export interface OutboxOptions {
  /** Where pending messages outlive a reload; undefined keeps them in memory only. */
  storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>
  /** Prefix of the storage keys; holds whose messages these are. */
  scope: string
  send(p: Pending): Promise<Message>
  /** Acknowledged: `p` is gone from the outbox and `m` is the stored message. */
  sent(p: Pending, m: Message): void
  changed(): void
}

/** 128 random bits. Not crypto.randomUUID, which pages without TLS do not have. */
const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('')

/**
 * Messages keep their clientId until the server has acknowledged them, over lost connections and reloads.
 * A repeat is harmless: the server answers a known clientId with the first message.
 */
export class Outbox {
  items: Pending[] = []
  private busy = new Set<string>()
  /** Lanes that were asked to run while they did. */
  private again = new Set<string>()
  private later?: ReturnType<typeof setTimeout>
  constructor(private o: OutboxOptions) {
    const s = o.storage
    for (let i = 0; s && i < s.length; i++) {
      const key = s.key(i)!
      if (!key.startsWith(o.scope)) continue
      try {
        this.items.push(JSON.parse(s.getItem(key)!) as Pending)
      } catch {
        s.removeItem(key)
      }
    }
    this.items.sort((a, b) => (a.at < b.at ? -1 : 1))
  }
  private save(p: Pending) {
    try {
      this.o.storage?.setItem(this.o.scope + p.clientId, JSON.stringify(p))
    } catch {
      // Storage full or forbidden: the message still goes out from memory.
    }
  }
  add(p: Omit<Pending, 'clientId' | 'at'>): Pending {
    const item = { ...p, clientId: newId(), at: new Date().toISOString() }
    this.items = [...this.items, item]
    this.save(item)
    this.o.changed()
    void this.flush()
    return item
  }
  remove(clientId: string) {
    this.items = this.items.filter((p) => p.clientId !== clientId)
    this.o.storage?.removeItem(this.o.scope + clientId)
    this.o.changed()
  }
  /** Sends a refused message again under the same clientId. */
  retry(clientId: string) {
    this.items = this.items.map((p) => (p.clientId === clientId ? { ...p, failed: undefined } : p))
    this.o.changed()
    void this.flush()
  }
  /** Sends whatever waits. Call it when a connection came up. */
  async flush() {
    clearTimeout(this.later)
    await Promise.all([...new Set(this.items.map((p) => p.lane))].map((lane) => this.run(lane)))
  }
  private async run(lane: string) {
    if (this.busy.has(lane)) return void this.again.add(lane)
    this.busy.add(lane)
    for (;;) {
      this.again.delete(lane)
      const p = this.items.find((x) => x.lane === lane && !x.failed)
      if (!p) break
      try {
        const m = await this.o.send(p)
        this.remove(p.clientId)
        this.o.sent(p, m)
      } catch (e) {
        const error: ParlorError = toError(e)
        if (error.temporary) {
          // A connection that came up during the attempt: its flush must not get lost.
          if (this.again.has(lane)) continue
          // A lost connection flushes when it is back; a busy server is asked again by the clock.
          if (error.reason !== 'disconnected') this.later = setTimeout(() => void this.flush(), 3_000)
          break
        }
        const failed = { ...p, failed: error.reason }
        this.items = this.items.map((x) => (x === p ? failed : x))
        this.save(failed)
        this.o.changed()
      }
    }
    this.busy.delete(lane)
  }
}
