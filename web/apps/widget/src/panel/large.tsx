import { useEffect, useRef } from 'preact/hooks'
import type { FileInfo } from '@parlor/protocol/types'
import type { Texts } from '../i18n/en'

/** A picture over the whole panel; loaded with the first click on one. */
export function Large({ f, t, close }: { f: FileInfo; t: Texts; close: () => void }) {
  const back = useRef(document.activeElement as HTMLElement | null)
  useEffect(() => () => back.current?.focus(), [])
  return (
    <div class="large" role="dialog" aria-modal="true" aria-label={f.name} onKeyDown={(e) => { if (e.key === 'Escape') { e.preventDefault(); e.stopPropagation(); close() } }} onClick={close}>
      <img src={f.url} alt={f.name} />
      <div class="row"><a class="btn" href={f.url} download={f.name} target="_blank" rel="noopener" onClick={(e) => e.stopPropagation()}>{t.download}</a><button type="button" class="btn" ref={(el) => el?.focus()} onClick={close}>{t.back}</button></div>
    </div>
  )
}
