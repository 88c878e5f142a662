import type { Canned } from '@parlor/protocol/types'

/** How well `query` fits `text`: 0 for not at all, more for a start, a whole run, then scattered letters. */
export function score(query: string, text: string): number {
  const q = query.toLowerCase()
  const s = text.toLowerCase()
  if (!q) return 1
  if (s.startsWith(q)) return 100 - s.length * 0.01
  const at = s.indexOf(q)
  if (at >= 0) return 60 - at * 0.1
  let from = 0
  let gaps = 0
  for (const ch of q) {
    const i = s.indexOf(ch, from)
    if (i < 0) return 0
    gaps += i - from
    from = i + 1
  }
  return Math.max(1, 20 - gaps)
}

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
