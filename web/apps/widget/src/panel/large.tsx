import { useEffect, useRef } from 'preact/hooks'
import type { FileInfo } from '@parlor/protocol/types'
import type { Texts } from '../i18n/en'
import { sheet } from './sheet'

sheet(`.large{position:absolute;inset:0;z-index:6;background:#000d;display:flex;flex-direction:column;gap:14px;align-items:center;justify-content:center;padding:14px}.large img{max-width:100%;max-height:calc(100% - 70px);object-fit:contain;border-radius:8px;background:#fff}`)

/** A picture over the whole panel; loaded with the first click on one. */
export function Large({ f, t, close }: { f: FileInfo; t: Texts; close: () => void }) {
  const back = useRef(document.activeElement as HTMLElement | null)
  useEffect(() => () => back.current?.focus(), [])
  return (
    <div class="large" role="dialog" aria-modal="true" aria-label={f.name} onKeyDown={(e) => { if (e.key === 'Escape') { e.preventDefault(); e.stopPropagation(); close() } }} onClick={close}>
      <img src={f.url} alt={f.name} />
      <div class="row"><a class="btn" href={f.url} download={f.name} target="_blank" rel="noopener" onClick={(e) => e.stopPropagation()}>{{ zh: '下载', pt: 'Baixar' }[document.documentElement.lang.slice(0, 2)] ?? 'Download'}</a><button type="button" class="btn" ref={(el) => el?.focus()} onClick={close}>{t.back}</button></div>
    </div>
  )
}
