import type { Canned } from '@parlor/protocol/types'
import { score } from '../app/fuzzy'

/** The canned replies that fit, best first, at most eight. The shortcut counts most, the text least. */
export function find<T extends Pick<Canned, 'shortcut' | 'title' | 'text'>>(list: T[], query: string): T[] {
  return list
    .map((c) => ({ c, s: Math.max(score(query, c.shortcut) * 3, score(query, c.title) * 2, query.length > 1 && c.text.toLowerCase().includes(query.toLowerCase()) ? 20 : 0) }))
    .filter((x) => x.s > 0).sort((a, b) => b.s - a.s).slice(0, 8).map((x) => x.c)
}

/** The shortcut being typed before the caret: `/ref` at the start or after a space. */
export function slash(text: string, caret: number): { from: number; query: string } | undefined {
  const m = /(^|\s)\/([^\s/]*)$/.exec(text.slice(0, caret))
  return m ? { from: m.index + m[1]!.length, query: m[2]! } : undefined
}
