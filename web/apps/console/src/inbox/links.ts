export interface Part { text: string; href?: string; mention?: string }

const URLS = /https?:\/\/[^\s<>"'，。；！？、（）《》]+/g

/** Cuts plain text into runs and web addresses. Only http and https become links; closing punctuation stays text. */
export function parts(text: string): Part[] {
  const out: Part[] = []
  let at = 0
  for (const m of text.matchAll(URLS)) {
    const url = m[0].replace(/[).,;:!?]+$/, '')
    if (m.index > at) out.push({ text: text.slice(at, m.index) })
    out.push({ text: url, href: url })
    at = m.index + url.length
  }
  if (at < text.length) out.push({ text: text.slice(at) })
  return out
}

/** Cuts `@name` out of the plain parts, for the names that are given; case does not matter. */
export function withMentions(list: Part[], names: string[]): Part[] {
  const known = names.filter(Boolean).sort((a, b) => b.length - a.length)
  if (!known.length) return list
  const at = new RegExp('@(' + known.map((n) => n.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|') + ')', 'gi')
  return list.flatMap((p) => {
    if (p.href) return [p]
    const out: Part[] = []
    let from = 0
    for (const m of p.text.matchAll(at)) {
      if (m.index > from) out.push({ text: p.text.slice(from, m.index) })
      out.push({ text: m[0], mention: known.find((n) => n.toLowerCase() === m[1]!.toLowerCase())! })
      from = m.index + m[0].length
    }
    if (from < p.text.length) out.push({ text: p.text.slice(from) })
    return out
  })
}

/** The language that a text's script tells, for glyphs and screen readers; undefined if the script does not tell. */
export function langOf(text: string): string | undefined {
  if (/[\u3040-\u30ff]/.test(text)) return 'ja'
  if (/[\uac00-\ud7af]/.test(text)) return 'ko'
  return /\p{Script=Han}/u.test(text) ? 'zh-CN' : undefined
}
