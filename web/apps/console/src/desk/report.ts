import type { Schema } from '@parlor/protocol/types'

export type Figures = Schema['Figures']
export type Queueing = Schema['Queueing']

/** How a figure is shown: a count, a length of time in milliseconds, a share or a rating in percent. */
export type Form = 'count' | 'time' | 'percent' | 'mean'
export interface Column<T> { id: string; form: Form; of: (row: T) => number | undefined }

/** What is told of how agents served; the texts of a column are `report.col.ID` and `report.def.ID`. */
export const SERVICE: Column<Figures>[] = [
  { id: 'accepted', form: 'count', of: (r) => r.accepted },
  { id: 'ended', form: 'count', of: (r) => r.ended },
  { id: 'session', form: 'time', of: (r) => r.session },
  { id: 'first', form: 'time', of: (r) => r.first },
  { id: 'firstMax', form: 'time', of: (r) => (r.first === undefined ? undefined : r.firstMax) },
  { id: 'response', form: 'time', of: (r) => r.response },
  { id: 'responseMax', form: 'time', of: (r) => (r.response === undefined ? undefined : r.responseMax) },
  { id: 'score', form: 'percent', of: (r) => r.score },
  { id: 'rated', form: 'count', of: (r) => r.rated },
  { id: 'valid', form: 'count', of: (r) => r.valid },
  { id: 'invalid', form: 'count', of: (r) => r.accepted - r.valid },
  { id: 'validShare', form: 'percent', of: (r) => (r.accepted ? (100 * r.valid) / r.accepted : undefined) },
  { id: 'in', form: 'count', of: (r) => r.in },
  { id: 'out', form: 'count', of: (r) => r.out },
  { id: 'messages', form: 'mean', of: (r) => r.messages },
  { id: 'messagesMax', form: 'count', of: (r) => r.messagesMax },
  { id: 'fromAgent', form: 'count', of: (r) => r.fromAgent },
  { id: 'fromVisitor', form: 'count', of: (r) => r.fromVisitor },
  { id: 'fromSystem', form: 'count', of: (r) => r.fromSystem },
]

/** What is told of how visitors waited. */
export const QUEUE: Column<Queueing>[] = [
  { id: 'created', form: 'count', of: (r) => r.created },
  { id: 'waited', form: 'count', of: (r) => r.waited },
  { id: 'wait', form: 'time', of: (r) => r.wait },
  { id: 'waitMax', form: 'time', of: (r) => (r.wait === undefined ? undefined : r.waitMax) },
  { id: 'abandoned', form: 'count', of: (r) => r.abandoned },
]

/** A length of time to the second, to the minute from an hour on. */
export function lasted(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1_000))
  const two = (n: number) => String(n).padStart(2, '0')
  if (s < 60) return `${s}s`
  return s < 3_600 ? `${Math.floor(s / 60)}m ${two(s % 60)}s` : `${Math.floor(s / 3_600)}h ${two(Math.floor((s % 3_600) / 60))}m`
}

/** A day of the reader's calendar as the server takes it. */
export function dayOf(at: Date): string {
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`
}

/** A table as CSV: quoted where needed, with the mark that spreadsheets know UTF-8 by. What they would take for a formula becomes text. */
export function csv(rows: (string | number)[][]): string {
  const cell = (v: string | number) => {
    const s = typeof v === 'string' && /^[=+\-@\t\r]/.test(v) ? `'${v}` : String(v)
    return /[",\n\r]/.test(s) ? `"${s.replaceAll('"', '""')}"` : s
  }
  return '\uFEFF' + rows.map((r) => r.map(cell).join(',')).join('\r\n') + '\r\n'
}
