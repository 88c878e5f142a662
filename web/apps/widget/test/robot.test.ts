import { h, render } from 'preact'
import { act } from 'preact/test-utils'
import { beforeEach, expect, it, vi } from 'vitest'
import type { Message } from '@parlor/protocol/types'
import en from '../src/i18n/en'
import type { Chat } from '../src/panel/chat'
import { Bar, Said, choose, live, safe } from '../src/panel/robot'

type Extra = NonNullable<Message['extra']> & { robot?: object }
const msg = (seq: number, extra?: Partial<Extra>, x: Partial<Message> = {}): Message => ({ id: 'm' + seq, conversation: 'c1', seq, prev: seq - 1, kind: 'text', from: { kind: 'agent', name: 'Lumi' }, text: 't' + seq, at: '2026-01-01T10:00:00Z', ...(extra ? { extra: extra as Extra } : {}), ...x })
const menu = (...items: string[]) => ({ card: { kind: 'menu' as const, title: 'How can I help?', items: items.map((title, i) => ({ id: 'i' + i, title })) }, worded: true })
const fake = (messages: Message[], robot: object | null = { name: 'Lumi', button: true, after: 0 }) => {
  const chat = { messages, state: { conversation: 'c1', status: 'open', ...(robot ? { robot } : {}) }, token: 'T', add: vi.fn(), changed: vi.fn(), setState: vi.fn() }
  return chat as unknown as Chat & typeof chat
}
const Row = ({ m, after }: { m: Message; after?: unknown }) => h('div', {}, [h('b', {}, m.from.name), h('p', {}, m.text), after as never])
const said = (chat: Chat, m: Message) => { act(() => render(h(Said, { chat, m, t: en, last: true, read: 0, big: () => {}, Row: Row as never }), document.body)) }
const buttons = () => [...document.querySelectorAll('button')]
const click = async (label: string) => {
  await act(async () => { buttons().find((b) => b.textContent === label)!.click(); await new Promise((r) => setTimeout(r)) })
}
beforeEach(() => {
  act(() => render(null, document.body))
  document.documentElement.lang = 'en'
})

it('follows web addresses and paths of this server only', () => {
  for (const bad of ['javascript:alert(1)', 'data:text/html,x', '//evil.example/', '/\\evil.example', 'ftp://x', '', undefined]) expect(safe(bad)).toBeUndefined()
  for (const good of ['https://a.example/x', 'http://a.example', '/help']) expect(safe(good)).toBe(good)
})

it('keeps only the newest menu live, and a robot\'s only while it has the conversation', () => {
  const old = msg(1, { ...menu('a'), robot: { rule: 'greeting' } })
  const now = msg(3, { ...menu('b'), robot: { rule: 'menu' } })
  const chat = fake([old, msg(2), now])
  expect(live(chat, old)).toBe(false)
  expect(live(chat, now)).toBe(true)
  expect(live(fake([old, now], null), now)).toBe(false)
  const persons = msg(4, menu('c'))
  expect(live(fake([persons], null), persons)).toBe(true)
  chat.state!.status = 'closed'
  expect(live(chat, now)).toBe(false)
})

it('shows the choices of a menu instead of its words, and sends a choice with its id', async () => {
  const m = msg(1, { ...menu('Returns', 'Talk to a person'), robot: { rule: 'greeting' } }, { text: 'How can I help?\nReturns' })
  const chat = fake([m])
  said(chat, m)
  expect(document.body.textContent).not.toContain('Returns\n')
  expect(document.querySelector('b')!.textContent).toBe('Lumi · Robot')
  await click('Returns')
  expect(chat.add).toHaveBeenCalledWith({ kind: 'text', text: 'Returns', ext: { msgtype: { choice: { menuid: 'i0' } } } })
  choose(chat, { title: 'Only words' })
  expect(chat.add).toHaveBeenLastCalledWith({ kind: 'text', text: 'Only words' })
  said(fake([m, msg(2, { ...menu('x'), robot: { rule: 'menu' } })]), m)
  expect(buttons().every((b) => b.disabled)).toBe(true)
})

it('asks whether an answer helped, tells the server once, and can be asked again after a failure', async () => {
  const m = msg(7, { robot: { rule: 'engine', rate: true, sources: [{ id: 'a', title: 'Returns', link: 'https://a.example/r' }, { id: 'b', title: 'bad', link: 'javascript:1' }] } })
  const calls: [string, unknown][] = []
  let status = 503
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => { calls.push([url, JSON.parse(init.body as string)]); return new Response('{}', { status }) })
  said(fake([m]), m)
  expect([...document.querySelectorAll('a')].map((a) => [a.getAttribute('href'), a.rel])).toEqual([['https://a.example/r', 'noopener noreferrer']])
  await click('Yes')
  expect(document.body.textContent).toContain('did not work')
  status = 200
  await click('Yes')
  expect(calls.at(-1)).toEqual(['/api/parlor/v1/visitor/conversations/c1/helpful', { seq: 7, helpful: true }])
  expect(document.body.textContent).toContain('Thank you for telling us.')
  expect(buttons()).toEqual([])
  vi.unstubAllGlobals()
})

it('offers a person after as many messages as set, and takes the state that comes back', async () => {
  const mine = (seq: number) => msg(seq, undefined, { from: { kind: 'visitor' } })
  const state = { conversation: 'c1', status: 'queued', lastSeq: 3, visitorRead: 0, agentRead: 0 }
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify(state)))
  const bar = (chat: Chat) => act(() => render(h(Bar, { chat }), document.body))
  bar(fake([mine(1)], { name: 'Lumi', button: true, after: 2 }))
  expect(document.body.textContent).toContain('You are talking to a robot')
  expect(buttons()).toEqual([])
  bar(fake([], { name: 'Lumi', button: false }))
  expect(buttons()).toEqual([])
  const chat = fake([mine(1), mine(2)], { name: 'Lumi', button: true, after: 2 })
  bar(chat)
  await click('Talk to a person')
  expect(chat.setState).toHaveBeenCalledWith(state)
  vi.unstubAllGlobals()
  const person = fake([], { name: 'x' })
  delete (person.state as { robot?: object }).robot
  bar(person)
  expect(document.querySelector('[data-test=robot]')).toBeNull()
})

it('shows an order with its link, and nothing that a browser would run', () => {
  const m = msg(1, { card: { kind: 'order', title: 'Order', name: 'Lamp', price: '¥ 199', number: '42', link: 'javascript:alert(1)', picture: 'data:image/png;base64,x' }, worded: true })
  said(fake([m], null), m)
  expect(document.body.textContent).toContain('Lamp')
  expect(document.body.textContent).toContain('¥ 199')
  expect(document.querySelector('a, img')).toBeNull()
})

it('offers to leave a message with the line that says so, until somebody takes the conversation', async () => {
  const line = msg(2, undefined, { kind: 'event', from: { kind: 'system' }, line: { name: 'queue_warn', text: 'Your wait will end soon.', leave: true } })
  const chat = fake([msg(1), line], null) as unknown as Chat & { state: { status: string } }
  chat.state.status = 'queued'
  said(chat, line)
  await click('Leave a message')
  expect([chat.gate, chat.why]).toEqual(['offline', 'queued'])
  expect(chat.changed).toHaveBeenCalled()
  chat.state.status = 'open'
  said(chat, line)
  expect(buttons()).toEqual([])
  chat.state.status = 'closed'
  said(chat, line)
  expect(buttons()).toHaveLength(1)
  const robots = msg(3, { robot: { rule: 'leave' } })
  const talk = fake([robots])
  said(talk, robots)
  await click('Leave a message')
  expect([talk.gate, talk.why]).toEqual(['offline', 'open'])
  said(fake([robots], null), robots)
  expect(buttons()).toEqual([])
  Object.assign(chat, { session: { inbox: { widget: { offline: { disabled: true } } } } })
  said(chat, line)
  expect(buttons()).toEqual([])
})
