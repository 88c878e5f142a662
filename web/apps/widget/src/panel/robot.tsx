import { useEffect, useState } from 'preact/hooks'
import { problemOf, toError } from '@parlor/protocol/errors'
import type { Message, Schema, VisitorState } from '@parlor/protocol/types'
import type { Chat } from './chat'
import { Icon } from './icon'
import type { RowProps } from './log'
import { sheet } from './sheet'

sheet(`.kc{width:280px;max-width:100%;border:1px solid var(--line);border-radius:14px;overflow:hidden;background:var(--bg)}.kc>*{display:flex;gap:10px;padding:9px 12px;width:100%;text-align:start;overflow-wrap:anywhere;border-top:1px solid var(--line)}.kc>:first-child{border-top:0}.kc p{margin:0}.kc img{flex:none;width:48px;height:48px;border-radius:8px;object-fit:cover;background:var(--soft)}.kc span{min-width:0}.kc small{display:block;color:var(--ink2)}.kc a,.kc button:enabled{color:var(--brand-ink)}.kc button{min-height:38px}.kc button:enabled:hover{background:var(--soft)}.kc button:disabled{cursor:default;color:var(--ink2)}.src{margin:0 4px;padding:0;list-style:none;font-size:12.5px}.src a{color:var(--brand-ink);padding:3px 0;display:inline-block}.rate{margin:0 4px;font-size:12.5px;color:var(--ink2);display:flex;flex-wrap:wrap;gap:6px;align-items:center}.rate button{min-height:28px;padding:0 10px;border:1px solid var(--line);border-radius:99px;color:var(--ink)}.rate button:hover{background:var(--soft)}.bot{display:flex;align-items:center;gap:8px;padding:6px 12px;border-top:1px solid var(--line);font-size:12.5px;color:var(--ink2)}.bot span{flex:1;min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}.bot button{flex:none;min-height:32px;padding:0 12px;border:1px solid var(--line);border-radius:99px;color:var(--brand-ink);font-weight:600}.bot button:hover{background:var(--soft)}h1::after{content:var(--robot,"")}`)

// What a robot says and asks, and cards; loaded with the first of them.

const WORDS: Record<string, Record<'robot' | 'talking' | 'human' | 'handing' | 'helped' | 'yes' | 'no' | 'thanks' | 'sorry' | 'sources' | 'open' | 'failed' | 'leave', string>> = {
  zh: { robot: '机器人', talking: '正在为您服务的是机器人', human: '转人工', handing: '正在为您转接…', helped: '是否解决了您的问题？', yes: '已解决', no: '未解决', thanks: '感谢您的反馈。', sorry: '已收到您的反馈。', sources: '参考来源', open: '查看', failed: '没有成功，请重试。', leave: '给我们留言' },
  en: { robot: 'Robot', talking: 'You are talking to a robot', human: 'Talk to a person', handing: 'Passing you on…', helped: 'Did this help?', yes: 'Yes', no: 'No', thanks: 'Thank you for telling us.', sorry: 'Thank you. We noted that it did not help.', sources: 'Sources', open: 'Open', failed: 'That did not work. Please try again.', leave: 'Leave a message' },
  pt: { robot: 'Robô', talking: 'Você está falando com um robô', human: 'Falar com uma pessoa', handing: 'Transferindo…', helped: 'Isso ajudou?', yes: 'Sim', no: 'Não', thanks: 'Obrigado pelo retorno.', sorry: 'Obrigado. Anotamos que não ajudou.', sources: 'Fontes', open: 'Abrir', failed: 'Não funcionou. Tente de novo.', leave: 'Deixar uma mensagem' },
}
const words = () => WORDS[document.documentElement.lang.slice(0, 2)] ?? WORDS.en!

/** An address that may be followed: a web page, or a path of this server. */
export const safe = (s?: string) => (s && /^(https?:\/\/|\/(?![/\\]))/i.test(s) ? s : undefined)
type Card = Schema['MessageCard']
const markOf = (m: Message) => m.extra?.robot
const menuOf = (m: Message) => m.extra?.card?.kind === 'menu'

/** Whether the choices of a message may still be made: only in the newest menu, and a robot's only while it has the conversation. */
export const live = (chat: Chat, m: Message) => {
  const s = chat.state
  return !!s && s.status !== 'closed' && (!markOf(m) || !!s.robot) && chat.messages.findLast(menuOf)?.seq === m.seq && m.conversation === s.conversation
}

/** Sends a choice: its words, and which it was. */
export function choose(chat: Chat, i: { id?: string; title: string }) {
  chat.add({ kind: 'text', text: i.title, ...(i.id ? { ext: { msgtype: { choice: { menuid: i.id } } } } : {}) })
}

async function tell(chat: Chat, m: string, path: string, body: object) {
  const r = await fetch(`/api/parlor/v1/visitor/conversations/${encodeURIComponent(m)}/${path}`, { method: 'POST', headers: { Authorization: 'Bearer ' + chat.token, 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  if (!r.ok) throw await problemOf(r)
  const s = (await r.json().catch(() => undefined)) as VisitorState | undefined
  if (s?.conversation && s.status && s.conversation === chat.state?.conversation) {
    chat.setState(s)
    chat.changed()
  }
}

/** Whether the offer to leave a message still stands: no person has the conversation. */
const mayLeave = (chat: Chat, m: Message) => chat.state?.conversation === m.conversation && (chat.state.status !== 'open' || !!chat.state.robot) && !chat.session?.inbox.widget?.offline.disabled

/** Opens the form; the conversation goes on as it is behind it. */
const Leave = ({ chat }: { chat: Chat }) => <button type="button" class="btn quiet" data-test="leave" onClick={() => { chat.why = chat.state!.status; chat.gate = 'offline'; chat.changed() }}>{words().leave}</button>

/** One message with what comes with it: card, sources, the question whether it helped. */
export function Said(p: RowProps) {
  const { m, chat } = p
  const Row = p.Row!
  if (m.line) return <><Row {...p} />{mayLeave(chat, m) && <p class="event"><Leave chat={chat} /></p>}</>
  const card = m.extra?.card
  const mark = markOf(m)
  const from = mark ? { ...m.from, name: [m.from.name, words().robot].filter(Boolean).join(' · ') } : m.from
  const hidden = card && (m.extra!.worded || (mark && card.kind === 'menu' && !!card.title && m.text?.startsWith(card.title)))
  return (
    <Row
      {...p} m={{ ...m, from, ...(hidden ? { text: '' } : {}) }} after={<>
        {card && <Shown card={card} chat={chat} on={live(chat, m)} />}
        {mark?.rule === 'engine' && mark.sources?.some((s) => safe(s.link)) && <ul class="src" aria-label={words().sources}>{mark.sources.filter((s) => safe(s.link)).map((s) => <li key={s.id}><a href={safe(s.link)} target="_blank" rel="noopener noreferrer">{s.title}</a></li>)}</ul>}
        {mark?.rule === 'leave' && mayLeave(chat, m) && <Leave chat={chat} />}
        {mark?.rate && <Rate chat={chat} m={m} />}
      </>}
    />
  )
}

function Shown({ card: c, chat, on }: { card: Card; chat: Chat; on: boolean }) {
  const w = words()
  const head = c.name || c.title
  const picture = (s?: string) => safe(s) && <img src={safe(s)} alt="" loading="lazy" referrerpolicy="no-referrer" onError={(e) => { e.currentTarget.hidden = true }} />
  if (c.kind === 'menu') return <div class="kc" role="group" aria-label={c.title}>{c.title && <p>{c.title}</p>}{c.items?.map((i) => (safe(i.link) && !i.id ? <a href={safe(i.link)} target="_blank" rel="noopener noreferrer">{i.title}</a> : <button type="button" disabled={!on} onClick={() => choose(chat, i)}>{i.title}</button>))}</div>
  return (
    <div class="kc">
      {(head || c.text || c.price || c.picture || c.link || c.number || c.lat || c.lng) && <div>{picture(c.picture)}<span>{c.title && c.title !== head && <small>{c.title}</small>}<b>{head}</b>{c.number && !head?.includes(c.number) && <small>{c.number}</small>}{c.text && <small>{c.text}</small>}{!!(c.lat || c.lng) && <small>{c.lat}, {c.lng}</small>}{c.price && <b>{c.price}</b>}{safe(c.link) && <small><a href={safe(c.link)} target="_blank" rel="noopener noreferrer">{w.open}<span class="sr">: {head}</span></a></small>}</span></div>}
      {c.items?.map((i) => <div>{picture(i.picture)}<span>{safe(i.link) ? <a href={safe(i.link)} target="_blank" rel="noopener noreferrer">{i.title}</a> : i.title}{i.text && <small>{i.text}</small>}</span></div>)}
    </div>
  )
}

/** What was said of answers, by the ids of their messages. */
const rated = new Map<string, boolean>()

function Rate({ chat, m }: { chat: Chat; m: Message }) {
  const w = words()
  const [said, set] = useState(rated.get(m.id))
  const [bad, fail] = useState(false)
  if (said !== undefined) return <p class="rate" role="status">{said ? w.thanks : w.sorry}</p>
  if (!chat.state?.robot || m.conversation !== chat.state.conversation) return null
  const rate = async (helpful: boolean) => {
    fail(false)
    try {
      await tell(chat, m.conversation, 'helpful', { seq: m.seq, helpful })
      rated.set(m.id, helpful)
      set(helpful)
    } catch (e) {
      // Told before, perhaps in another window.
      if (toError(e).code === 'conflict') set(helpful)
      else fail(true)
    }
  }
  return <p class="rate"><span>{w.helped}</span><button type="button" onClick={() => void rate(true)}>{w.yes}</button><button type="button" onClick={() => void rate(false)}>{w.no}</button>{bad && <span class="bad" role="alert">{w.failed}</span>}</p>
}

/** Says that a robot is there, and offers a person. */
export function Bar({ chat }: { chat: Chat }) {
  const w = words()
  const s = chat.state
  const robot = s && s.status !== 'closed' ? s.robot : undefined
  const [busy, set] = useState(false)
  const [bad, fail] = useState(false)
  const lang = document.documentElement.lang
  useEffect(() => {
    const style = document.documentElement.style
    if (robot) style.setProperty('--robot', `" · ${w.robot}"`)
    else style.removeProperty('--robot')
  }, [!!robot, lang])
  // A robot greets whoever opens the chat; a person is called by the first message.
  const greet = !s && chat.session?.robot && chat.shown && chat.link === 'online' && !chat.pending.length
  useEffect(() => {
    if (greet) chat.socket!.request('start', { ...chat.wish, page: chat.page, robot: true }).then((x) => {
      chat.setState(x)
      // What the robot said before the connection followed the conversation.
      return chat.resume()
    }).catch(() => undefined)
  }, [!!greet])
  if (!robot) return null
  const said = chat.messages.filter((m) => m.from.kind === 'visitor' && m.conversation === s!.conversation).length
  const ask = async () => {
    set(true)
    fail(false)
    try {
      await tell(chat, s!.conversation, 'human', {})
    } catch { fail(true) }
    set(false)
  }
  return (
    <div class="bot" data-test="robot">
      <Icon d="M12 8V4M8 4h8M5 8h14v11H5zM9 13v1m6-1v1" />
      <span role="status">{bad ? w.failed : busy ? w.handing : w.talking}</span>
      {robot.button && said >= (robot.after ?? 0) && <button type="button" disabled={busy} onClick={() => void ask()}>{w.human}</button>}
    </div>
  )
}
