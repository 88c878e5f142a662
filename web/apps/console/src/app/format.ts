import { computed } from 'vue'
import { prefs } from './prefs'

// Formatters are costly to make, so there is one set per language.
const cache = new Map<string, Intl.DateTimeFormat>()
function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = prefs.locale + JSON.stringify(options)
  let f = cache.get(key)
  if (!f) cache.set(key, (f = new Intl.DateTimeFormat(prefs.locale, options)))
  return f
}
const number = computed(() => new Intl.NumberFormat(prefs.locale))

export const clockTime = (iso: string) => dateFormat({ hour: '2-digit', minute: '2-digit' }).format(new Date(iso))
export const fullTime = (iso: string) => dateFormat({ dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso))
export const shortDate = (iso: string) => dateFormat({ month: 'short', day: 'numeric' }).format(new Date(iso))
export const longDay = (iso: string) => dateFormat({ weekday: 'short', month: 'long', day: 'numeric' }).format(new Date(iso))
export const count = (n: number) => number.value.format(n)

/** The day of a time in the reader's time zone, for comparing. */
export const dayKey = (iso: string | number) => {
  const d = new Date(iso)
  return d.getFullYear() * 10_000 + d.getMonth() * 100 + d.getDate()
}

/** A length of time in at most two units: 38s, 4m, 2h 05m, 3d. */
export function span(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1_000))
  if (s < 60) return `${s}s`
  if (s < 3_600) return `${Math.floor(s / 60)}m`
  if (s < 86_400) return `${Math.floor(s / 3_600)}h ${String(Math.floor((s % 3_600) / 60)).padStart(2, '0')}m`
  return `${Math.floor(s / 86_400)}d`
}

/** A file size in the largest unit that keeps it above one. */
export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB']
  let i = 0
  let v = n
  while (v >= 1_000 && i < units.length - 1) { v /= 1_000; i++ }
  return `${v < 10 && i ? v.toFixed(1) : Math.round(v)} ${units[i]}`
}

/** Up to two characters that stand for a name: the last two Han characters, or Latin initials. */
export function initials(name: string): string {
  const han = name.match(/\p{Script=Han}/gu)
  if (han) return han.slice(-2).join('')
  const words = name.trim().split(/\s+/).filter(Boolean)
  return ((words[0]?.[0] ?? '?') + (words.length > 1 ? (words.at(-1)?.[0] ?? '') : '')).toUpperCase()
}

/** A steady hue for a name or id, degrees. */
export function hueOf(key: string): number {
  let h = 0
  for (const ch of key) h = (h * 31 + ch.codePointAt(0)!) % 3_600
  return [235, 350, 150, 290, 25, 75, 195, 320][h % 8]!
}

/** The path of an address without its server, for lists. */
export function pathOf(url: string): string {
  try {
    const u = new URL(url, location.origin)
    return u.pathname + u.search + u.hash
  } catch {
    return url
  }
}
