import { Component, Fragment, createElement } from 'preact'
import type { ComponentChildren, ComponentType } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { FileInfo, Message } from '@parlor/protocol/types'
import type { Pending } from '@parlor/protocol/outbox'
import type { Texts } from '../i18n/en'
import type { Chat } from './chat'
import { Icon } from './icon'
import { day, dayName, size, time } from './time'

const near = (a: Message | undefined, b: Message | undefined) =>
  !!a && !!b && a.kind !== 'event' && b.kind !== 'event' && a.from.kind === b.from.kind && a.from.id === b.from.id && day(a.at) === day(b.at) && Date.parse(b.at) - Date.parse(a.at) < 180_000

/** The running conversation, with what is still on its way below. */
export function Log({ chat, t, greeting, name }: { chat: Chat; t: Texts; greeting: string; name: string }) {
  const box = useRef<HTMLDivElement>(null)
  const stick = useRef(true)
  const [big, setBig] = useState<FileInfo>()
  const [large, setLarge] = useState<typeof import('./large')>()
  const enlarge = (f: FileInfo) => { setBig(f); import('./large').then(setLarge, () => undefined) }
  const [up, setUp] = useState<typeof import('./uploading')>()
  const [bot, setBot] = useState<typeof import('./robot')>()
  const [below, setBelow] = useState(false)
  const { messages, state } = chat
  const pending = chat.pending.filter((p) => !messages.some((m) => m.clientId === p.clientId))

  /** Shows the newest line: farther down than there is anything. */
  const end = () => { box.current!.scrollTop = 1e9 }
  useLayoutEffect(() => {
    if (stick.current) end()
    chat.seen()
  })
  useLayoutEffect(() => { stick.current = true; end() }, [pending.length + chat.uploads.length])
  useEffect(() => {
    const see = () => { if (stick.current) chat.seen() }
    const fit = new ResizeObserver(() => { if (stick.current && box.current) end() })
    fit.observe(box.current!)
    document.addEventListener('visibilitychange', see)
    return () => { fit.disconnect(); document.removeEventListener('visibilitychange', see) }
  }, [])
  useEffect(() => {
    if (!up && (chat.uploads[0] || messages.some((m) => m.canvas))) import('./uploading').then(setUp, () => undefined)
    if (!bot && (chat.session?.robot || state?.robot || messages.some((m) => m.extra || m.line?.leave))) import('./robot').then(setBot, () => undefined)
  })
  const older = async () => {
    const el = box.current!
    const left = el.scrollHeight - el.scrollTop
    await import('./more').then((m) => m.older(chat), () => undefined)
    requestAnimationFrame(() => requestAnimationFrame(() => { el.scrollTop = el.scrollHeight - left }))
  }
  const mine = messages.filter((m) => m.from.kind === 'visitor')
  const lastRead = mine.findLast((m) => m.seq <= (state?.agentRead ?? 0))

  return (
    <>
      <div
        class="log" ref={box} role="log" aria-live="polite" aria-label={t.log} tabIndex={0}
        onScroll={(e) => {
          const el = e.currentTarget
          stick.current = el.scrollHeight - el.scrollTop - el.clientHeight < 40
          setBelow(!stick.current)
          if (stick.current) chat.seen()
        }}
      >
        <div class="fill" />
        {!chat.atTop && <button type="button" class="more" onClick={() => void older()}>{t.older}</button>}
        {chat.phase === 'loading' && <div class="wait" aria-hidden="true"><i /><i /><i /></div>}
        {chat.atTop && greeting && <div class="msg them"><span class="bubble">{greeting}</span><span class="meta">{name}</span></div>}
        {messages.map((m, i) => (
          <Fragment key={m.clientId || m.id}>
            {day(messages[i - 1]?.at as string) !== day(m.at) && <p class="day">{dayName(m.at, t.today, t.yesterday)}</p>}
            {createElement((m.canvas && up?.Drawn) || ((m.extra || m.line?.leave) && bot?.Said) || Row, { m, t, chat, last: !near(m, messages[i + 1]), read: m === lastRead ? 2 : m === mine.at(-1) ? 1 : 0, big: enlarge, Row })}
          </Fragment>
        ))}
        {pending.map((p) => <Waiting key={p.clientId} p={p} chat={chat} t={t} />)}
        {up && chat.uploads.map((u) => <up.Uploading key={u.id} u={u} chat={chat} t={t} />)}
        {chat.typing && <div class="msg them"><span class="bubble dots" role="img" aria-label={t.typing(chat.typing === '…' ? t.agent : chat.typing)}><i /><i /><i /></span></div>}
      </div>
      {below && <button type="button" class="down" aria-label={t.newMessage} onClick={end}><Icon d="M12 5v14m7-7-7 7-7-7" /></button>}
      {bot && <bot.Bar chat={chat} />}
      {big && large && <large.Large f={big} t={t} close={() => setBig(undefined)} />}
    </>
  )
}

export interface RowProps { chat: Chat; m: Message; t: Texts; last: boolean; read: number; big: (f: FileInfo) => void; after?: ComponentChildren; Row?: ComponentType<RowProps> }
/** One message; drawn again only if something in it changed. */
class Row extends Component<RowProps> {
  override shouldComponentUpdate(n: RowProps) {
    const p = this.props
    return n.m !== p.m || n.last !== p.last || n.read !== p.read || n.t !== p.t
  }
  render({ m, t, last, read, big, after }: RowProps) {
    if (m.kind === 'event') {
      const text = eventText(m, t)
      return text && <p class="event">{text}</p>
    }
    const mine = m.from.kind === 'visitor'
    return (
      <div class={'msg ' + (mine ? 'me' : 'them') + (last ? ' last' : '')}>
        <span class="sr">{mine ? t.you : m.from.name || t.agent}: </span>
        {m.file && [m.file, ...(m.more ?? [])].map((f, i) => (m.kind === 'voice' ? <audio controls preload="metadata" src={f.url} aria-label={t.voice} /> : (i ? f.width : m.kind === 'image')
          ? <button type="button" class="pic" aria-label={`${t.enlarge}: ${f.name}`} onClick={() => big(f)}><Picture f={f} /></button>
          : <Card f={f} />))}
        {m.text && <span class="bubble"><Linked text={m.text} /></span>}
        {after}
        {(last || read > 0) && <span class="meta">{!mine && `${m.from.name || t.agent} · `}<time dateTime={m.at}>{time(m.at)}</time>{mine && read > 0 && ` · ${read === 2 ? t.read : t.sent}`}</span>}
      </div>
    )
  }
}
const Picture = ({ f }: { f: FileInfo }) => {
  const w = Math.min(220, f.width || 220)
  return <img src={f.thumb || f.url} alt={f.name} width={w} height={f.width && f.height ? Math.min(260, Math.round((w * f.height) / f.width)) : 150} loading="lazy" />
}
const Card = ({ f }: { f: FileInfo }) => (
  <a class="card" href={f.url} download={f.name} target="_blank" rel="noopener"><Icon d="M14 2v6h6M14 2H6a2 2 0 0 0-2 2v16a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2V8z" /><span><b>{f.name}</b><small>{size(f.size)}</small></span></a>
)
const URLS = /(https?:\/\/[^\s<>"'，。；！？、（）]*[^\s<>"'，。；！？、（）.,;:!?)])/
const Linked = ({ text }: { text: string }) => <>{text.split(URLS).map((x, i) => (i % 2 ? <a key={i} href={x} target="_blank" rel="noopener noreferrer nofollow">{x}</a> : x))}</>

/** What a line says; one about another message (seq) says nothing here. */
function eventText({ line: l }: Message, t: Texts): string | undefined {
  if (!l || l.seq) return
  const name = l.agentName || l.teamName || t.agent
  return l.text || ({ assigned: t.assigned(name), transferred: t.transferred(name), queued: t.queued, agent_lost: t.lostAgent, closed: t.ended } as Record<string, string>)[l.name]
}

function Waiting({ p, chat, t }: { p: Pending; chat: Chat; t: Texts }) {
  return (
    <div class="msg me last pending">
      {p.file && (p.kind === 'image' ? <span class="pic"><Picture f={p.file} /></span> : <Card f={p.file} />)}
      {p.text && <span class="bubble">{p.text}</span>}
      {p.failed ? (
        <span class="meta bad" role="alert">{t.failed} <button type="button" onClick={() => chat.retry(p.clientId)}>{t.retry}</button> <button type="button" onClick={() => chat.discard(p.clientId)}>{t.discard}</button></span>
      ) : <span class="meta">{chat.link === 'online' ? t.sending : t.waits}</span>}
    </div>
  )
}
