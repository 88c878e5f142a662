import { useEffect, useRef } from 'preact/hooks'
import { EMOJI } from '@parlor/tokens/emoji'
import { sheet } from './sheet'

sheet(`.emoji{position:absolute;inset:auto 8px calc(100% + 4px);max-height:210px;overflow-y:auto;display:grid;grid-template-columns:repeat(8,1fr);padding:6px;border:1px solid var(--line);border-radius:12px;background:var(--bg);box-shadow:0 10px 30px #0003;z-index:4}.emoji button{height:38px;font:21px "Apple Color Emoji","Segoe UI Emoji","Noto Color Emoji";border-radius:8px}.emoji button:hover{background:var(--soft)}`)

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
