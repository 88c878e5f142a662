export interface Part { text: string; href?: string }

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
