import { useEffect, useRef } from 'preact/hooks'
import { EMOJI } from '@parlor/tokens/emoji'

/** The picker, loaded when it is first opened. */
export function Emoji({ label, pick, close }: { label: string; pick: (e: string) => void; close: () => void }) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => { box.current?.querySelector('button')?.focus() }, [])
  return (
    <div class="emoji" ref={box} role="group" aria-label={label} onKeyDown={(e) => { if (e.key === 'Escape') { e.preventDefault(); e.stopPropagation(); close() } }}>
      {EMOJI.flatMap(([, list]) => list).map((x) => <button type="button" key={x} onClick={() => pick(x)}>{x}</button>)}
    </div>
  )
}
