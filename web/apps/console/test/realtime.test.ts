import { describe, expect, it } from 'vitest'
import type { Conversation, Message } from '@parlor/protocol/types'
import { belongs, compare, merge, placed } from '../src/realtime/conversations'
import { add, lines } from '../src/realtime/thread'

const conv = (id: string, x: Partial<Conversation> = {}): Conversation => ({
  id, tenant: 'main', inbox: 'main', channel: 'web', visitor: 'v', visitorName: 'Ana', status: 'open', agent: 'me', agentName: 'Me', priority: 0, version: 1,
  createdAt: '2026-01-01T00:00:00Z', queuedAt: '2026-01-01T00:00:00Z', lastSeq: 1, visibleSeq: 1, lastAt: '2026-01-01T00:00:00Z', lastText: '', agentRead: 0, visitorRead: 0, unread: 0, ...x,
})
const msg = (seq: number, x: Partial<Message> = {}): Message => ({
  id: 'm' + seq, conversation: 'c', seq, prev: seq - 1, kind: 'text', from: { kind: 'visitor', id: 'v' }, text: 'x', at: `2026-01-01T10:0${seq % 10}:00Z`, ...x,
})

describe('conversations', () => {
  it('belong to the lists that show them', () => {
    const lists = (c: Conversation) => (['mine', 'queue', 'all', 'closed'] as const).filter((v) => belongs(v, c, 'me'))
    expect(lists(conv('a'))).toEqual(['mine', 'all'])
    expect(lists(conv('a', { agent: 'other' }))).toEqual(['all'])
    expect(lists(conv('a', { status: 'queued' }))).toEqual(['queue', 'all'])
    expect(lists(conv('a', { status: 'closed' }))).toEqual(['closed'])
  })
  it('an older copy changes nothing, a newer one clears what it lacks', () => {
    const c = conv('a', { version: 5, waitingSince: '2026-01-01T00:00:00Z', unread: 2 })
    merge(c, conv('a', { version: 4, unread: 9 }))
    expect(c.unread).toBe(2)
    merge(c, conv('a', { version: 6 }))
    expect(c).toMatchObject({ version: 6, unread: 0 })
    expect(c.waitingSince).toBeUndefined()
  })
  it('names that an event leaves out stay, unless the agent changed', () => {
    const c = conv('a')
    const bare = conv('a', { version: 2, visitorName: '' })
    delete bare.agentName
    merge(c, bare)
    expect(c).toMatchObject({ visitorName: 'Ana', agentName: 'Me' })
    merge(c, { ...bare, version: 3, agent: 'other' })
    expect(c.agentName).toBeUndefined()
  })
  it('find their place in a list', () => {
    const all = Object.fromEntries(['10', '20', '30', '40'].map((n) => [n, conv(n, { lastAt: `2026-01-01T00:00:${n}Z` })]))
    const order = (a: string, b: string) => compare('mine', all[a]!, all[b]!)
    const ids = ['40', '20', '10']
    expect(placed(ids, '30', true, order, true)).toEqual(['40', '30', '20', '10'])
    expect(placed(ids, '20', true, order, true)).toBe(ids)
    expect(placed(ids, '20', false, order, true)).toEqual(['40', '10'])
    expect(placed(['10', '40', '20'], '10', true, order, true)).toEqual(['40', '20', '10'])
  })
  it('behind the last loaded row they wait for their page', () => {
    const all = { a: conv('a', { lastAt: '2026-01-02T00:00:00Z' }), b: conv('b') } as Record<string, Conversation>
    const order = (x: string, y: string) => compare('mine', all[x]!, all[y]!)
    expect(placed(['a'], 'b', true, order, false)).toEqual(['a'])
    expect(placed(['a'], 'b', true, order, true)).toEqual(['a', 'b'])
  })
  it('the queue shows who waits longest first, urgent ones before', () => {
    const list = [conv('late', { queuedAt: '2026-01-01T00:02:00Z' }), conv('early', { queuedAt: '2026-01-01T00:01:00Z' }), conv('urgent', { priority: 5, queuedAt: '2026-01-01T00:03:00Z' })]
    expect(list.sort((a, b) => compare('queue', a, b)).map((c) => c.id)).toEqual(['urgent', 'early', 'late'])
  })
})

describe('threads', () => {
  it('take messages in order, once, and see a hole', () => {
    const one = add([msg(1)], [msg(3), msg(2), msg(2)])
    expect(one.messages.map((m) => m.seq)).toEqual([1, 2, 3])
    expect(one.gap).toBe(false)
    const two = add(one.messages, [msg(6)])
    expect(two.gap).toBe(true)
    expect(two.messages).toHaveLength(3)
  })
  it('a repeated number renews the message', () => {
    expect(add([msg(1), msg(2)], [msg(2, { text: 'new' })]).messages[1]!.text).toBe('new')
  })
  it('are laid out in days and groups', () => {
    const out = lines([msg(1), msg(2), msg(3, { kind: 'note', from: { kind: 'agent', id: 'a' } }), msg(4, { kind: 'event', from: { kind: 'system' } }), msg(5, { at: '2026-01-03T10:00:00Z' })], [])
    expect(out.map((l) => l.type)).toEqual(['day', 'message', 'message', 'message', 'event', 'day', 'message'])
    expect(out[1]).toMatchObject({ first: true, last: false })
    expect(out[2]).toMatchObject({ first: false, last: true })
  })
  it('do not show a pending message that has arrived', () => {
    const p = { clientId: 'k', lane: 'c', kind: 'text' as const, text: 'x', at: '' }
    expect(lines([msg(1, { clientId: 'k' })], [p]).filter((l) => l.type === 'pending')).toEqual([])
    expect(lines([msg(1)], [p]).at(-1)).toMatchObject({ type: 'pending', key: 'k' })
  })
})
