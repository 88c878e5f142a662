import { shallowReactive } from 'vue'
import type { Conversation, View } from '@parlor/protocol/types'

export const VIEWS: View[] = ['mine', 'queue', 'all', 'robot', 'closed']

/** One list: ids in order, and how much of it is here. */
export interface ViewList {
  ids: string[]
  /** Where the next page starts; undefined when everything is here. */
  next: string | undefined
  state: 'idle' | 'loading' | 'ready' | 'error'
}

/** True if a conversation belongs in a list of the agent `me`. */
export function belongs(view: View, c: Conversation, me: string): boolean {
  switch (view) {
    case 'mine': return c.status === 'open' && c.agent === me
    case 'queue': return c.status === 'queued'
    case 'all': return c.status !== 'closed'
    case 'robot': return c.status === 'open' && !!c.bot
    case 'closed': return c.status === 'closed'
  }
}

/** The order of a list: who waits longest first in the queue, the newest activity first elsewhere. */
export function compare(view: View, a: Conversation, b: Conversation): number {
  if (view === 'queue') return b.priority - a.priority || cmp(a.queuedAt, b.queuedAt) || cmp(a.id, b.id)
  return cmp(b.lastAt, a.lastAt) || cmp(b.id, a.id)
}
const cmp = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** Takes over a newer copy, including fields that the newer one no longer has. An older copy changes nothing. */
export function merge(into: Conversation, from: Conversation) {
  if (from.version < into.version) return
  // Reading only goes forward, and its event may have overtaken this copy.
  const read = { agentRead: Math.max(into.agentRead, from.agentRead), visitorRead: Math.max(into.visitorRead, from.visitorRead) }
  const target = into as unknown as Record<string, unknown>
  // Events may leave names out that have not changed.
  const names = { visitorName: into.visitorName, ...(from.agent && from.agent === into.agent ? { agentName: into.agentName } : {}) }
  for (const key of Object.keys(target)) if (!(key in from)) target[key] = undefined
  Object.assign(into, names, stripEmpty(from), read)
}

/** A copy without a visitor or agent name that is empty. */
function stripEmpty(c: Conversation): Conversation {
  const copy = { ...c }
  if (!copy.visitorName) delete (copy as Partial<Conversation>).visitorName
  if (!copy.agentName) delete copy.agentName
  return copy
}

/** Puts `id` at its place in a sorted list, or takes it out. Returns the same array if nothing changes. */
export function placed(ids: string[], id: string, inside: boolean, order: (a: string, b: string) => number, complete: boolean): string[] {
  const at = ids.indexOf(id)
  if (!inside) return at < 0 ? ids : ids.filter((x) => x !== id)
  if (at >= 0) {
    const before = ids[at - 1]
    const after = ids[at + 1]
    if ((!before || order(before, id) <= 0) && (!after || order(id, after) <= 0)) return ids
  }
  const rest = at < 0 ? ids.slice() : ids.filter((x) => x !== id)
  let low = 0
  let high = rest.length
  while (low < high) {
    const mid = (low + high) >> 1
    if (order(rest[mid]!, id) < 0) low = mid + 1
    else high = mid
  }
  // Behind the last loaded row: it comes with its page.
  if (low === rest.length && !complete && at < 0) return ids
  rest.splice(low, 0, id)
  return rest
}

export const emptyView = (): ViewList => shallowReactive({ ids: [], next: undefined, state: 'idle' })
export const track = (c: Conversation): Conversation => shallowReactive(c)
