import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Message } from '@parlor/protocol/types'
import type { Hello } from '../src/bridge'
import { Chat } from '../src/panel/chat'

/** The other end of the panel's socket, as a WebSocket. */
class Server {
  static last: Server
  readyState = 1
  asked: [event: string, arg: Record<string, unknown>][] = []
  answers: Record<string, (arg: Record<string, unknown>) => unknown> = {}
  onmessage?: (e: { data: string }) => void
  onclose?: (e: { reason: string }) => void
  constructor() {
    Server.last = this
    queueMicrotask(() => this.tell('0{"sid":"s","pingInterval":25000,"pingTimeout":20000}'))
  }
  tell(data: string) { this.onmessage?.({ data }) }
  emit(event: string, arg: unknown) { this.tell('42/parlor/visitor,' + JSON.stringify([event, arg])) }
  send(p: string) {
    if (p.startsWith('40')) return this.tell('40/parlor/visitor,{"sid":"n"}')
    const m = /^42\/parlor\/visitor,(\d*)(.+)$/.exec(p)
    if (!m) return
    const [event, arg] = JSON.parse(m[2]!) as [string, Record<string, unknown>]
    this.asked.push([event, arg])
    const reply = this.answers[event] ?? ANSWERS[event]
    if (m[1] && reply) this.tell(`43/parlor/visitor,${m[1]}${JSON.stringify([reply(arg)])}`)
  }
  close() {}
}
const ANSWERS: Server['answers'] = {}
const state = (x = {}) => ({ conversation: 'c1', status: 'open', lastSeq: 2, visitorRead: 0, agentRead: 0, ...x })
const msg = (seq: number, x: Partial<Message> = {}): Message => ({ id: 'm' + seq, conversation: 'c1', seq, prev: seq - 1, kind: 'text', from: { kind: 'agent', name: 'Lin' }, text: 't' + seq, at: '2026-01-01T10:00:00Z', ...x })
const hello = { parlor: 1, settings: { inbox: 'main', origin: '', name: 'Shop' }, locale: 'en', theme: 'auto', token: '', page: { url: '/', title: '' }, compact: false } as Hello
let host: { postMessage: ReturnType<typeof vi.fn>; onmessage?: (e: { data: unknown }) => void }
const told = (t: string) => host.postMessage.mock.calls.map(([m]) => m as { t: string; n?: number; token?: string }).filter((m) => m.t === t)

async function start(session: object, stored: Message[] = []) {
  vi.stubGlobal('fetch', async (url: string) => new Response(JSON.stringify(url.includes('/visitor/session')
    ? { token: 'T', visitor: { id: 'v', name: 'V' }, inbox: { id: 'main', name: 'Shop', greeting: '', typingPreview: true }, agentsOnline: true, staffed: true, maxFile: 10, ...session }
    : { conversation: 'c1', items: stored })))
  host = { postMessage: vi.fn() }
  const chat = new Chat({ ...hello }, host as unknown as MessagePort, () => {})
  await vi.waitFor(() => expect(chat.phase).toBe('ready'))
  return chat
}
beforeEach(() => { localStorage.clear(); vi.stubGlobal('WebSocket', Server); for (const k of Object.keys(ANSWERS)) delete ANSWERS[k]; ANSWERS.resume = () => ({ messages: [] }) })
afterEach(() => vi.unstubAllGlobals())

it('hands the token to the host and opens no socket before there is something to talk about', async () => {
  const before = Server.last
  const chat = await start({})
  expect(told('token')).toEqual([{ t: 'token', token: 'T' }])
  expect(chat.link).toBe('offline')
  expect(Server.last).toBe(before)
})

it('shows who is signed in, and keeps nothing of it in the browser', async () => {
  const asked: Record<string, unknown>[] = []
  const chat = await start({})
  vi.stubGlobal('fetch', async (_: string, init: RequestInit) => {
    asked.push(JSON.parse(String(init.body)) as Record<string, unknown>)
    return new Response(JSON.stringify({ code: 'unauthenticated', reason: 'identity_expired', detail: 'Log in again.' }), { status: 401 })
  })
  chat.send('said by nobody in particular')
  expect(localStorage).toHaveLength(1)
  localStorage.clear()
  const signed = new Chat({ ...hello, token: 'V', identity: 'a.b.c' }, host as unknown as MessagePort, () => {})
  signed.send('said by somebody')
  expect(localStorage).toHaveLength(0)
  await vi.waitFor(() => expect(signed.phase).toBe('broken'))
  expect(asked).toEqual([expect.objectContaining({ token: 'V', identity: 'a.b.c' })])
  expect(signed.note).toBe('Log in again.')
  expect(host.postMessage).toHaveBeenLastCalledWith(expect.objectContaining({ t: 'event', name: 'identity', data: 'identity_expired' }))
})

it('sees a hole by the number before, and fills it by resuming', async () => {
  ANSWERS.resume = ({ seq }) => ({ messages: [msg(2), msg(3), msg(5, { prev: 3 })].filter((m) => m.seq > Number(seq)), state: state() })
  const chat = await start({ conversation: state() }, [msg(1)])
  await vi.waitFor(() => expect(chat.messages.map((m) => m.seq)).toEqual([1, 2, 3, 5]))
  // Number 6 was a note, which a visitor does not see: no hole.
  Server.last.asked = []
  Server.last.emit('message', msg(7, { prev: 5 }))
  expect(chat.messages.at(-1)!.seq).toBe(7)
  expect(Server.last.asked).toEqual([])
  Server.last.answers.resume = () => ({ messages: [msg(8), msg(9)] })
  Server.last.emit('message', msg(9))
  expect(Server.last.asked[0]).toEqual(['resume', { conversation: 'c1', seq: 7 }])
  await vi.waitFor(() => expect(chat.messages.map((m) => m.seq)).toEqual([1, 2, 3, 5, 7, 8, 9]))
})

it('learns of a conversation that began elsewhere before its socket was there', async () => {
  ANSWERS.resume = ({ conversation }) => (conversation ? {} : { messages: [msg(1, { from: { kind: 'visitor' } }), msg(2)], state: state() })
  const chat = await start({})
  chat.renew()
  host.onmessage!({ data: { t: 'show', on: true } })
  await vi.waitFor(() => expect(chat.messages.map((m) => m.seq)).toEqual([1, 2]))
  expect(chat.state).toMatchObject({ conversation: 'c1', status: 'open' })
  // So does one that shows a conversation which is over.
  Server.last.emit('state', state({ status: 'closed' }))
  Server.last.answers.resume = ({ conversation }) => (conversation ? {} : { messages: [msg(1, { id: 'n1', conversation: 'c2', text: 'anew' })], state: state({ conversation: 'c2', lastSeq: 1 }) })
  await chat.resume()
  expect(chat.messages.map((m) => m.text)).toEqual(['anew'])
  expect(chat.state).toMatchObject({ conversation: 'c2', status: 'open' })
})

it('counts what the visitor has not seen, and reads it when it is shown', async () => {
  ANSWERS.resume = () => ({ messages: [], state: state() })
  ANSWERS.read = () => ({})
  const chat = await start({ conversation: state() }, [msg(1), msg(2)])
  await vi.waitFor(() => expect(chat.link).toBe('online'))
  expect(told('unread').at(-1)).toMatchObject({ n: 2, active: true })
  chat.seen()
  expect(Server.last.asked.some(([e]) => e === 'read')).toBe(false)
  host.onmessage!({ data: { t: 'show', on: true } })
  chat.seen()
  expect(Server.last.asked.at(-1)).toEqual(['read', { seq: 2 }])
  expect(told('unread').at(-1)).toMatchObject({ n: 0 })
})

it('sends a message under one id until it is acknowledged', async () => {
  const chat = await start({})
  chat.send('hello')
  await vi.waitFor(() => expect(Server.last?.asked.some(([e]) => e === 'post')).toBe(true))
  const first = Server.last.asked.find(([e]) => e === 'post')![1]
  expect(chat.pending).toHaveLength(1)
  ANSWERS.post = (arg) => ({ message: msg(1, { prev: 0, clientId: String(arg.clientId), from: { kind: 'visitor' } }), state: state() })
  vi.spyOn(Math, 'random').mockReturnValue(0)
  Server.last.onclose!({ reason: 'server shutting down' })
  await vi.waitFor(() => expect(chat.pending).toEqual([]), 3_000)
  expect(Server.last.asked.find(([e]) => e === 'post')![1].clientId).toBe(first.clientId)
  expect(chat.messages).toHaveLength(1)
})

it('shows what is typed only where an agent reads and the inbox wants it', async () => {
  ANSWERS.resume = () => ({ messages: [], state: state() })
  const chat = await start({ conversation: state() })
  await vi.waitFor(() => expect(chat.link).toBe('online'))
  chat.preview('he')
  await vi.waitFor(() => expect(Server.last.asked.at(-1)).toEqual(['typing', { text: 'he' }]))
  chat.session!.inbox.typingPreview = false
  chat.preview.cancel()
  const n = Server.last.asked.length
  chat.preview('hello')
  chat.preview.flush()
  expect(Server.last.asked).toHaveLength(n)
})

it('a new conversation clears the one before away', async () => {
  ANSWERS.resume = () => ({ messages: [], state: state() })
  const chat = await start({ conversation: state() }, [msg(1)])
  await vi.waitFor(() => expect(chat.link).toBe('online'))
  Server.last.emit('state', state({ status: 'closed' }))
  expect(chat.messages).toHaveLength(1)
  chat.renew()
  Server.last.emit('message', msg(1, { conversation: 'c2', id: 'x', prev: 0 }))
  Server.last.emit('state', state({ conversation: 'c2' }))
  expect(chat.messages.map((m) => m.conversation)).toEqual(['c2'])
})

const widget = (x: object) => ({ inbox: { id: 'main', name: 'Shop', greeting: '', typingPreview: true, widget: { look: {}, preChat: {}, offline: {}, survey: true, redact: true, ...x } } })

// Row 72: nobody can talk, so a message is left; row 73: the form comes first, and is remembered.
it('shows the page for messages when nobody is there, and the form before a conversation', async () => {
  expect((await start({ ...widget({}), staffed: false })).gate).toBe('offline')
  expect((await start({ ...widget({}), refused: 'notinworktime' })).why).toBe('notinworktime')
  expect((await start({ ...widget({ offline: { disabled: true } }), staffed: false })).gate).toBe('')
  const preChat = { enabled: true, fields: [{ name: 'name' }] }
  expect((await start(widget({ preChat }))).gate).toBe('form')
  expect((await start({ ...widget({ preChat }), known: true })).gate).toBe('')
  expect((await start({ ...widget({ preChat: { ...preChat, always: true } }), known: true })).gate).toBe('form')
  expect((await start({ ...widget({ preChat }), conversation: state() }, [msg(1)])).gate).toBe('')
  const chat = await start(widget({ teams: [{ id: 't1', name: 'Sales' }] }))
  expect(chat.gate).toBe('form')
  ANSWERS.start = () => state()
  ANSWERS.post = () => ({ message: msg(3, { clientId: 'x', from: { kind: 'visitor' } }), state: state() })
  chat.enter('t1', 'hello')
  await vi.waitFor(() => expect(Server.last.asked.map(([e]) => e)).toContain('post'))
  expect(Server.last.asked.find(([e]) => e === 'start')![1]).toMatchObject({ team: 't1' })
})

it('turns to the page for messages when the server takes no conversation', async () => {
  ANSWERS.post = () => ({ error: { code: 'conflict', reason: 'closed', message: 'closed' } })
  const chat = await start(widget({}))
  chat.send('anybody?')
  await vi.waitFor(() => expect(chat.gate).toBe('offline'))
  expect([chat.why, chat.pending[0]!.failed]).toEqual(['notinworktime', 'closed'])
})

it('keeps what comes while a page is on its way, though the page is older', async () => {
  const chat = await start({})
  let answer = (_: Response) => {}
  vi.stubGlobal('fetch', () => new Promise<Response>((done) => { answer = done }))
  host.onmessage!({ data: { t: 'show', on: true } })
  await vi.waitFor(() => expect(chat.link).toBe('online'))
  Server.last.emit('state', state({ lastSeq: 1 }))
  Server.last.emit('message', msg(1, { prev: 0, kind: 'event' }))
  Server.last.emit('message', msg(2, { prev: 1 }))
  answer(new Response(JSON.stringify({ conversation: 'c1', items: [msg(1, { prev: 0, kind: 'event' })] })))
  await vi.waitFor(() => expect(chat.messages.map((m) => m.seq)).toEqual([1, 2]))
  await new Promise((r) => setTimeout(r))
  expect(chat.messages.map((m) => m.seq)).toEqual([1, 2])
})
