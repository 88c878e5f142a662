import type { Message } from '@parlor/protocol/types'
import type { Pending } from '@parlor/protocol/outbox'
import { dayKey } from '../app/format'

/** One line of the thread as it is drawn. */
export type Line =
  | { type: 'day'; key: string; at: string }
  | { type: 'event'; key: string; message: Message }
  | { type: 'message'; key: string; message: Message; first: boolean; last: boolean }
  | { type: 'pending'; key: string; pending: Pending; first: boolean }

const GAP = 3 * 60_000

const sameGroup = (a: Message | undefined, b: Message | undefined) =>
  !!a && !!b && a.kind !== 'event' && b.kind !== 'event' && (a.kind === 'note') === (b.kind === 'note')
  && a.from.kind === b.from.kind && a.from.id === b.from.id && dayKey(a.at) === dayKey(b.at)
  && Date.parse(b.at) - Date.parse(a.at) < GAP

/** Lays messages and what is still being sent out as lines: day chips, groups, events. */
export function lines(messages: Message[], pending: Pending[]): Line[] {
  const out: Line[] = []
  let day = 0
  messages.forEach((m, i) => {
    const d = dayKey(m.at)
    if (d !== day) out.push({ type: 'day', key: 'd' + d, at: m.at })
    day = d
    // The line that tells of a recall or an edit has done its work in `add`.
    if (m.line?.name === 'recalled' || m.line?.name === 'edited') return undefined
    if (m.kind === 'event' || m.line?.name === 'visited' || m.line?.name === 'undelivered') return out.push({ type: 'event', key: m.id, message: m })
    out.push({ type: 'message', key: m.clientId ?? m.id, message: m, first: !sameGroup(messages[i - 1], m), last: !sameGroup(m, messages[i + 1]) })
  })
  const known = new Set(messages.slice(-60).map((m) => m.clientId))
  pending.filter((p) => !known.has(p.clientId)).forEach((p, i) => out.push({ type: 'pending', key: p.clientId, pending: p, first: i === 0 }))
  return out
}

export type Added = { messages: Message[]; gap: boolean }

/** Adds messages by number. `gap` says that some before them are missing, and nothing was added past the gap. */
export function add(list: Message[], more: Message[]): Added {
  const out = list.slice()
  let gap = false
  const back = (seq: number | undefined, by: Message) => {
    const at = out.findIndex((x) => x.seq === seq && !x.recalled)
    if (at >= 0) out[at] = taken(out[at]!, by)
  }
  for (const m of more.slice().sort((a, b) => a.seq - b.seq)) {
    const last = out.at(-1)
    if (!last || m.seq === last.seq + 1) out.push(m)
    else if (m.seq > last.seq) gap = true
    else {
      const at = out.findIndex((x) => x.seq === m.seq)
      if (at >= 0) out[at] = m
    }
    if (m.line?.name === 'recalled') back(m.line.seq, m)
    if (m.line?.name === 'edited') {
      const at = out.findIndex((x) => x.seq === m.line!.seq && !x.recalled)
      if (at >= 0) out[at] = { ...out[at]!, text: m.line.text ?? '', editedAt: m.at }
    }
  }
  return { messages: out, gap }
}

/** A message without what it said, taken back as the line tells. */
function taken(m: Message, line: Message): Message {
  const { text: _text, file: _file, ...rest } = m
  return { ...rest, recalled: { by: { kind: line.from.kind, ...(line.line?.agentName ? { name: line.line.agentName } : line.from.name ? { name: line.from.name } : {}), ...(line.line?.agent ? { id: line.line.agent } : line.from.id ? { id: line.from.id } : {}) }, at: line.at } }
}
