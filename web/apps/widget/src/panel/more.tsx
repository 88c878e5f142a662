import { Fragment } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Answer, HistoryItem, Message } from '@parlor/protocol/types'
import type { Texts } from '../i18n/en'
import { toError } from '@parlor/protocol/errors'
import type { Chat } from './chat'
import { sheet } from './sheet'
import { dayName, time } from './time'

sheet(`.firm{font-style:normal;padding:8px 10px 10px;border-bottom:1px solid var(--line);margin-bottom:4px;max-width:260px}.firm>*{display:block;overflow-wrap:anywhere}.firm span{color:var(--ink2);font-size:13px}.firm a{color:var(--brand-ink);padding:2px 0}.pop{position:absolute;z-index:5;top:42px;right:0;min-width:170px;padding:5px;border-radius:11px;background:var(--bg);color:var(--ink);border:1px solid var(--line);box-shadow:0 10px 30px #0003}.pop button{display:block;width:100%;padding:8px 10px;border-radius:7px;text-align:start;white-space:nowrap}.pop button:hover{background:var(--soft)}.past{display:block;width:100%;padding:11px 4px;border-bottom:1px solid var(--line);text-align:start}.past span{display:block;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}.past time{font-size:12px;color:var(--ink2)}`)

// What the menu offers; loaded when the menu is first opened.

const WORDS: Record<string, Record<'html' | 'text' | 'end' | 'sure' | 'yes' | 'cancel' | 'none', string>> = {
  zh: { html: '下载聊天记录（网页）', text: '下载聊天记录（文本）', end: '结束会话', sure: '要结束本次会话吗？', yes: '结束', cancel: '取消', none: '还没有历史会话。' },
  en: { html: 'Download as a page', text: 'Download as text', end: 'End conversation', sure: 'End this conversation?', yes: 'End it', cancel: 'Cancel', none: 'No earlier conversations.' },
  pt: { html: 'Baixar como página', text: 'Baixar como texto', end: 'Encerrar conversa', sure: 'Encerrar esta conversa?', yes: 'Encerrar', cancel: 'Cancelar', none: 'Nenhuma conversa anterior.' },
}
const words = () => WORDS[document.documentElement.lang.slice(0, 2)] ?? WORDS.en!

/** Fetches the record of the conversation, which needs the visitor's token, and hands it to the browser. */
async function record(chat: Chat, format: 'html' | 'text') {
  const lang = document.documentElement.lang
  const r = await fetch(`/api/parlor/v1/visitor/conversations/${chat.state!.conversation}/transcript?format=${format}&locale=${lang}&zone=${-new Date().getTimezoneOffset()}`, { headers: { Authorization: 'Bearer ' + chat.token } })
  if (!r.ok) return
  const a = document.createElement('a')
  a.href = URL.createObjectURL(await r.blob())
  a.download = format === 'html' ? 'conversation.html' : 'conversation.txt'
  a.click()
  setTimeout(() => URL.revokeObjectURL(a.href), 10_000)
}

export function Pop({ chat, t, history, end }: { chat: Chat; t: Texts; history: () => void; end: (() => void) | undefined }) {
  const [calls, setCalls] = useState<typeof import('./call')>()
  useEffect(() => { if ('RTCPeerConnection' in window) import('./call').then(setCalls, () => undefined) }, [])
  const close = () => document.body.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }))
  const look = chat.session?.inbox.widget?.look
  const lang = document.documentElement.lang
  const w = words()
  const c = look?.contact
  const say = (x?: Record<string, string>) => x?.[lang] || x?.['']
  return (
    <div class="pop">
      {c && (say(c.name) || c.phone || c.email) && <address class="firm"><b>{say(c.name)}</b>{say(c.about) && <span>{say(c.about)}</span>}{c.phone && <a href={'tel:' + c.phone}>{c.phone}</a>}{c.email && <a href={'mailto:' + c.email}>{c.email}</a>}{say(c.address) && <span>{say(c.address)}</span>}</address>}
      {!look?.noHistory && <button type="button" onClick={history}>{t.history}</button>}
      {chat.state?.status === 'open' && calls?.labels().map((label, i) => <button type="button" key={label} data-test={i ? 'call-video' : 'call-voice'} onClick={() => { close(); void calls.begin(chat, i ? 'video' : 'voice') }}>{label}</button>)}
      {chat.state && !look?.noDownload && <><button type="button" onClick={() => void record(chat, 'html')}>{w.html}</button><button type="button" onClick={() => void record(chat, 'text')}>{w.text}</button></>}
      {end && <button type="button" onClick={end}>{w.end}</button>}
    </div>
  )
}
export function Sure({ cancel, end }: { t: Texts; cancel: () => void; end: () => void }) {
  const w = words()
  const yes = useRef<HTMLButtonElement>(null)
  useEffect(() => yes.current?.focus(), [])
  return (
    <div class="foot" role="alertdialog" aria-label={w.sure}>
      <p>{w.sure}</p>
      <div class="row"><button type="button" class="btn quiet" onClick={cancel}>{w.cancel}</button><button type="button" class="btn" ref={yes} onClick={end}>{w.yes}</button></div>
    </div>
  )
}
/** Earlier conversations, to read only. */
export function History({ chat, t }: { chat: Chat; t: Texts }) {
  const [list, setList] = useState<HistoryItem[]>()
  const [open, setOpen] = useState<{ id: string; items: Message[] }>()
  const top = useRef<HTMLDivElement>(null)
  useEffect(() => { chat.ask<Answer<'/api/parlor/v1/visitor/history'>>('history').then((r) => setList(r.items ?? []), () => setList([])) }, [])
  useLayoutEffect(() => { top.current?.focus() }, [open])
  if (open) return <div class="log" tabIndex={0} ref={top} role="region" aria-label={t.history}><div class="fill" />{open.items.map((m, i) => <Fragment key={m.id}><Line m={m} t={t} before={open.items[i - 1]} /></Fragment>)}</div>
  return (
    <div class="log" tabIndex={0} role="region" aria-label={t.history}>
      {list?.length === 0 && <p class="hole">{words().none}</p>}
      {list?.map((past) => (
        <button type="button" class="past" key={past.id} onClick={() => chat.call('messages', '?limit=200&conversation=' + encodeURIComponent(past.id)).then((r) => setOpen({ id: past.id, items: r.items ?? [] }), () => undefined)}>
          <span>{past.lastText || '…'}</span><time dateTime={past.lastAt}>{dayName(past.lastAt, t.today, t.yesterday)} {time(past.lastAt)}</time>
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

/** Loads the page above. */
export async function older(chat: Chat) {
  const first = chat.messages[0]
  if (!first || chat.atTop) return
  const r = await chat.call('messages', `?limit=50&before=${first.seq}&conversation=${first.conversation}`).catch(() => undefined)
  if (!r || chat.messages[0] !== first) return
  chat.messages = [...(r.items ?? []), ...chat.messages]
  chat.atTop = (chat.messages[0]?.prev ?? 0) === 0 || !r.items?.length
  chat.changed()
}

/** Ends the conversation. */
export async function end(chat: Chat) {
  try {
    chat.setState(await chat.socket!.request('close', undefined))
  } catch (e) {
    // Already closed on the other side: the state says so.
    if (toError(e).code !== 'unavailable' && chat.state) chat.setState({ ...chat.state, status: 'closed' })
  }
}
