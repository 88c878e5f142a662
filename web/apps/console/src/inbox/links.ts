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

/** The language that a text's script tells, for glyphs and screen readers; undefined if the script does not tell. */
export function langOf(text: string): string | undefined {
  if (/[\u3040-\u30ff]/.test(text)) return 'ja'
  if (/[\uac00-\ud7af]/.test(text)) return 'ko'
  return /\p{Script=Han}/u.test(text) ? 'zh-CN' : undefined
}
