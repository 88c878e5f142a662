import { Fragment } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { HistoryItem, Message } from '@parlor/protocol/types'
import type { Texts } from '../i18n/en'
import type { Chat } from './chat'
import { dayName, time } from './time'

// What the menu offers; loaded when the menu is first opened.

export function Pop({ t, history, end }: { t: Texts; history: () => void; end: (() => void) | undefined }) {
  return (
    <div class="pop">
      <button type="button" onClick={history}>{t.history}</button>
      {end && <button type="button" onClick={end}>{t.end}</button>}
    </div>
  )
}
export function Sure({ t, cancel, end }: { t: Texts; cancel: () => void; end: () => void }) {
  const yes = useRef<HTMLButtonElement>(null)
  useEffect(() => yes.current?.focus(), [])
  return (
    <div class="foot" role="alertdialog" aria-label={t.endSure}>
      <p>{t.endSure}</p>
      <div class="row"><button type="button" class="btn quiet" onClick={cancel}>{t.cancel}</button><button type="button" class="btn" ref={yes} onClick={end}>{t.endYes}</button></div>
    </div>
  )
}
/** Earlier conversations, to read only. */
export function History({ chat, t }: { chat: Chat; t: Texts }) {
  const [list, setList] = useState<HistoryItem[]>()
  const [open, setOpen] = useState<{ id: string; items: Message[] }>()
  const top = useRef<HTMLDivElement>(null)
  useEffect(() => { chat.history().then(setList, () => setList([])) }, [])
  useLayoutEffect(() => { top.current?.focus() }, [open])
  if (open) return <div class="log" tabIndex={0} ref={top} role="region" aria-label={t.history}><div class="fill" />{open.items.map((m, i) => <Fragment key={m.id}><Line m={m} t={t} before={open.items[i - 1]} /></Fragment>)}</div>
  return (
    <div class="log" tabIndex={0} role="region" aria-label={t.history}>
      {list?.length === 0 && <p class="hole">{t.noHistory}</p>}
      {list?.map((h) => (
        <button type="button" class="past" key={h.id} onClick={() => chat.past(h.id).then((items) => setOpen({ id: h.id, items }), () => undefined)}>
          <span>{h.lastText || '…'}</span><time dateTime={h.lastAt}>{dayName(h.lastAt, t.today, t.yesterday)} {time(h.lastAt)}</time>
        </button>
      ))}
    </div>
  )
}

/** A message of an earlier conversation: as text only. */
function Line({ m, t, before }: { m: Message; t: Texts; before: Message | undefined }) {
  const mine = m.from.kind === 'visitor'
  if (m.kind === 'event') return null
  return (
    <div class={'msg ' + (mine ? 'me' : 'them')}>
      {before?.from.kind !== m.from.kind && <span class="meta">{mine ? t.you : m.from.name || t.agent} · {time(m.at)}</span>}
      {m.file ? <a class="bubble" href={m.file.url} target="_blank" rel="noopener">{m.file.name}</a> : <span class="bubble">{m.text}</span>}
    </div>
  )
}
