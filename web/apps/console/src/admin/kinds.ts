import type { Schema } from '@parlor/protocol/types'

/** The objects of administration, as the server's document has them. */
export type S = Schema
export type Text = Record<string, string>
export type InboxSettings = S['InboxSettings']
export type Service = Pick<S['CompanySettings'], 'prompts' | 'hours' | 'timers' | 'routing'>

export const LANGS = ['zh-CN', 'en', 'pt-BR'] as const

/** A copy that can be edited without touching what was loaded. */
export const copy = <T>(v: T): T => JSON.parse(JSON.stringify(v ?? {})) as T

/** The document without empty texts, objects and lists, which mean the default and are not stored. */
export function compact<T>(v: T, keep: readonly string[] = []): T {
  if (Array.isArray(v)) return v.map((x) => compact(x as never, keep)) as T
  if (!v || typeof v !== 'object') return v
  const out: Record<string, unknown> = {}
  for (const [k, x] of Object.entries(v)) {
    const y = compact(x as never, keep) as unknown
    const empty = y === '' || y === null || y === undefined || y === false || (typeof y === 'object' && !Object.keys(y).length)
    if (!empty || (keep.includes(k) && y !== undefined && y !== null)) out[k] = y
  }
  return out as T
}

/** Fields whose empty value is a value of its own: nought switches a timer off, an empty list stands for none. */
export const KEEP = ['returning', 'lastServed', 'agentOnly', 'overflow', 'classes', 'after', 'score', 'permissions'] as const

function part(hex: string, at: number) {
  const f = Number.parseInt(hex.slice(at, at + 2), 16) / 255
  return f <= 0.04045 ? f / 12.92 : ((f + 0.055) / 1.055) ** 2.4
}
const light = (hex: string) => 0.2126 * part(hex, 1) + 0.7152 * part(hex, 3) + 0.0722 * part(hex, 5)

/** The contrast of two colours #rrggbb by WCAG, 1 to 21; 0 if one is not a colour. */
export function contrast(a: string, b: string): number {
  if (![a, b].every((c) => /^#[0-9a-f]{6}$/i.test(c))) return 0
  const [x, y] = [light(a), light(b)]
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05)
}

/** Black or white, whichever is easier to read on a colour. */
export const readable = (color: string) => (contrast(color, '#ffffff') >= contrast(color, '#000000') ? '#ffffff' : '#000000')

export const BRAND = '#3563e9'
