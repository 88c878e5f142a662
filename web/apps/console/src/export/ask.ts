import type { Schema } from '@parlor/protocol/types'
import { DAY } from '../desk/period'

export type Export = Schema['Export']
export type Body = Schema['ExportBody']
export type Kind = Body['kind']
export type FilterName = 'inbox' | 'team' | 'agent' | 'tag' | 'rating' | 'state' | 'thing'

/** Most days that one export covers. */
export const MOST_DAYS = 366
/** The lists, and what each can be restricted by. */
export const FILTERS: Record<Kind, FilterName[]> = {
  conversations: ['inbox', 'team', 'agent', 'tag', 'rating', 'state'],
  messages: ['inbox', 'team', 'agent', 'tag', 'rating', 'state'],
  contacts: ['agent'],
  left: ['inbox', 'agent', 'state'],
  ratings: ['inbox', 'team', 'agent', 'rating'],
  audit: ['thing', 'agent'],
}
export const STATES = { conversations: ['queued', 'open', 'closed'], left: ['notprocess', 'processed'] } as const
/** What is changed, as the audit log tells it. */
export const THINGS = ['inbox', 'team', 'agent', 'role', 'tenant', 'api_client', 'mailbox', 'hook', 'recording', 'robot', 'export'] as const

export interface Form { kind: Kind; format: 'csv' | 'xlsx'; from: string; to: string; filters: Partial<Record<FilterName, string>> }

/** A day of this browser's zone as date inputs have it. */
export const dayOf = (d: Date) => `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, '0')}-${String(d.getDate()).padStart(2, '0')}`

/** What the page is opened with, from the address that another page has made. */
export function formOf(query: Record<string, unknown>, now = new Date()): Form {
  const text = (name: string) => (typeof query[name] === 'string' ? (query[name] as string) : '')
  const kind = (Object.hasOwn(FILTERS, text('new')) ? text('new') : 'conversations') as Kind
  const days = Math.min(MOST_DAYS, Math.max(1, Number(text('days')) || 30))
  const filters: Form['filters'] = {}
  for (const f of FILTERS[kind]) if (text(f)) filters[f] = text(f)
  return { kind, format: 'csv', from: kind === 'contacts' ? '' : dayOf(new Date(now.getTime() - (days - 1) * DAY)), to: dayOf(now), filters }
}

/** Why a form cannot be sent: no days, the wrong way round, or too many of them. Contacts need no first one. */
export function faultOf(f: Form): 'span' | 'long' | undefined {
  if (!f.from && f.kind === 'contacts' && f.to) return undefined
  if (!f.from || !f.to || f.from > f.to) return 'span'
  return (Date.parse(f.to) - Date.parse(f.from)) / DAY >= MOST_DAYS ? 'long' : undefined
}

/** The call: days become times of this browser's zone, and filters of other lists are left out. */
export function bodyOf(f: Form, lang: Body['lang'] & string, zone: string): Body {
  const [y, m, d] = f.to.split('-').map(Number) as [number, number, number]
  const kept = Object.fromEntries(FILTERS[f.kind].flatMap((n) => (f.filters[n] ? [[n, f.filters[n]]] : [])))
  return { kind: f.kind, format: f.format, ...(f.from ? { from: new Date(f.from + 'T00:00').toISOString() } : {}), to: new Date(y, m - 1, d + 1).toISOString(), lang, zone, ...kept } as Body
}

const STEPS = ['waiting', 'running', 'done', 'failed']
/** What is known of an export by two tellings: an answer may arrive behind news that overtook it. */
export function later(old: Export | undefined, x: Export): Export {
  if (!old) return x
  const by = STEPS.indexOf(old.state) - STEPS.indexOf(x.state) || old.downloads - x.downloads
  return by > 0 ? old : x
}

/** The list with one export changed, added in front, or gone. */
export function merge(list: Export[], e: { export: Export; gone?: boolean }): Export[] {
  const rest = list.filter((x) => x.id !== e.export.id)
  if (e.gone) return rest
  if (rest.length === list.length) return [e.export, ...list]
  return list.map((x) => (x.id === e.export.id ? later(x, e.export) : x))
}
