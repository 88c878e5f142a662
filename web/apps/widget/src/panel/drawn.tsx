import { useEffect, useState } from 'preact/hooks'
import type { Canvas } from '@parlor/protocol/marks'
import { Icon } from './icon'
import type { RowProps } from './log'
import { sheet } from './sheet'
import { time } from './time'

sheet('.drawn{text-align:start;line-height:1.4;background:var(--bg)}.drawn img{display:block;object-fit:contain}.drawn span{display:flex;gap:8px;align-items:center;padding:8px 12px;font-weight:600;color:var(--brand-ink);border-top:1px solid var(--line)}.drawn small{margin-inline-start:auto;font-weight:400;color:var(--ink2)}')

const WORDS: Record<string, [open: string, marks: (n: number) => string]> = {
  zh: ['一起标注', (n) => `${n} 处标注`], en: ['Draw together', (n) => (n === 1 ? '1 mark' : `${n} marks`)], pt: ['Desenhar em conjunto', (n) => (n === 1 ? '1 marca' : `${n} marcas`)],
}

/** A picture that is drawn on together, with what is on it now; the drawing itself is loaded with the first click. */
export function Drawn({ m, chat, t, last }: RowProps) {
  const [c, set] = useState<Canvas>()
  useEffect(() => {
    const newer = (x: Canvas | undefined) => { if (x?.id === m.canvas) set((had) => (had && had.version > x!.version ? had : x)) }
    const read = () => void chat.ask<{ items: Canvas[] }>(`conversations/${m.conversation}/canvases`).then((r) => r.items.forEach(newer), () => undefined)
    const offs = [chat.socket?.on('canvas', (e) => newer(e.canvas)), chat.socket?.on('link', (l) => { if (l === 'online') read() })]
    read()
    return () => offs.forEach((off) => off?.())
  }, [])
  const f = m.file!
  const [open, marks] = WORDS[document.documentElement.lang.slice(0, 2)] ?? WORDS.en!
  const w = Math.max(180, Math.min(220, f.width || 220))
  const src = (c && (c.count || c.layer) ? c.thumb : f.thumb) || f.url
  return (
    <div class={'msg them' + (last ? ' last' : '')}>
      <span class="sr">{m.from.name || t.agent}: </span>
      <button type="button" class="pic drawn" onClick={() => void import('./draw').then((x) => x.open(chat, t, m.canvas!, f.name), () => undefined)}>
        <img src={src} alt={f.name} width={w} height={f.width && f.height ? Math.min(260, Math.round((w * f.height) / f.width)) : 150} loading="lazy" />
        <span><Icon d="M12 20h9M16.5 3.5a2.1 2.1 0 0 1 3 3L7 19l-4 1 1-4z" />{open}{c && <small>{marks(c.count)}</small>}</span>
      </button>
      {last && <span class="meta">{m.from.name || t.agent} · <time dateTime={m.at}>{time(m.at)}</time></span>}
    </div>
  )
}
