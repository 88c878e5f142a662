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
