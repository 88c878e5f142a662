import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AgentStatus, Message } from '@parlor/protocol/types'
import { last, moved } from '../src/admin/order'
import { ACTIONS, CODES, ids, kindOf } from '../src/app/keys'
import { canUndo, cancel, leaving, postpone, settleAll, UNDO, undoable, undoLast } from '../src/app/undo'
import { toasts } from '../src/app/toasts'
import { withMentions } from '../src/inbox/links'
import { atSign, findAgents } from '../src/inbox/suggest'
import { withPage } from '../src/realtime/card'
import { add, lines } from '../src/realtime/thread'

const agent = (id: string, x: Partial<AgentStatus> = {}): AgentStatus => ({
  agent: id, tenant: 'main', name: id, teams: ['t'], state: 'ready', connected: true, open: 0, cap: 2, since: '', lastAssignedAt: '', idleSince: '', ...x,
})
const msg = (seq: number, x: Partial<Message> = {}): Message => ({
  id: 'm' + seq, conversation: 'c', seq, prev: seq - 1, kind: 'text', from: { kind: 'agent', id: 'me' }, text: 'x', at: `2026-01-01T10:0${seq % 10}:00Z`, ...x,
})

describe('actions', () => {
  it('no key means two things, and no pair begins with a key of its own', () => {
    const codes = ids.flatMap((id) => kindOf(id).keys ?? []).filter((k) => !k.startsWith('Ctrl'))
    expect(CODES.size).toBe(codes.length)
    for (const code of CODES.keys()) if (code.includes(' ')) expect(CODES.has(code[0]!)).toBe(false)
  })
  it('what is done most has a key', () => {
    for (const id of ['claim', 'transfer', 'close', 'note', 'search', 'canned', 'next', 'prev', 'accept', 'undo'] as const) expect(ACTIONS[id].keys.length).toBeGreaterThan(0)
  })
})

describe('undo', () => {
  beforeEach(() => { vi.useFakeTimers() })
  afterEach(() => { vi.runAllTimers(); vi.useRealTimers(); toasts.splice(0) })

  it('a close waits for its time and then happens once', async () => {
    const run = vi.fn(() => Promise.resolve())
    postpone('c1', { kind: 'close', text: 'closing' }, run)
    expect(leaving.get('c1')?.kind).toBe('close')
    vi.advanceTimersByTime(UNDO - 1)
    expect(run).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(run).toHaveBeenCalledExactlyOnceWith(false)
    expect(leaving.size).toBe(0)
    expect(canUndo()).toBe(false)
  })
  it('what is undone never happens', async () => {
    const run = vi.fn(() => Promise.resolve())
    postpone('c1', { kind: 'transfer', text: 'going' }, run)
    expect(undoLast()).toBe(true)
    expect(cancel('c1')).toBe(false)
    await vi.advanceTimersByTimeAsync(UNDO * 2)
    expect(run).not.toHaveBeenCalled()
    expect(undoLast()).toBe(false)
  })
  it('leaving the page does it at once', async () => {
    const run = vi.fn(() => Promise.resolve())
    postpone('c1', { kind: 'close', text: 'closing' }, run)
    dispatchEvent(new Event('pagehide'))
    await Promise.resolve()
    expect(run).toHaveBeenCalledExactlyOnceWith(true)
    await vi.advanceTimersByTimeAsync(UNDO)
    expect(run).toHaveBeenCalledTimes(1)
  })
  it('a failure leaves the conversation where it was and is told', async () => {
    postpone('c1', { kind: 'close', text: 'closing' }, () => Promise.reject(new TypeError('network')))
    await settleAll()
    expect(leaving.size).toBe(0)
    expect(toasts.at(-1)?.tone).toBe('bad')
  })
  it('the newest is undone first, and only for a while', () => {
    const done: string[] = []
    undoable('a', 'a', () => done.push('a'))
    undoable('b', 'b', () => done.push('b'))
    undoLast()
    vi.advanceTimersByTime(UNDO + 1)
    expect(undoLast()).toBe(false)
    expect(done).toEqual(['b'])
  })
})

describe('messages that were taken back', () => {
  it('lose what they said by the number in the line, which itself is not shown', () => {
    const line = msg(3, { kind: 'event', from: { kind: 'system' }, line: { name: 'recalled', seq: 1 } })
    delete line.text
    const { messages } = add([msg(1), msg(2)], [line])
    expect(messages[0]).toMatchObject({ seq: 1, recalled: { at: line.at } })
    expect(messages[0]!.text).toBeUndefined()
    expect(lines(messages, []).map((l) => l.type)).toEqual(['day', 'message', 'message'])
  })
})

describe('mentions', () => {
  it('begin at a sign that begins a word, also behind Han characters', () => {
    expect(atSign('@ana', 4)).toEqual({ from: 0, query: 'ana' })
    expect(atSign('请@陈', 3)).toEqual({ from: 1, query: '陈' })
    expect(atSign('hi @Marcos Li', 13)).toEqual({ from: 3, query: 'Marcos Li' })
    expect(atSign('a@b.example', 11)).toBeUndefined()
    expect(atSign('@ana\nx', 6)).toBeUndefined()
  })
  it('offer colleagues, those who are there first, and stop when the name is whole', () => {
    const list = [agent('Ana', { connected: false }), agent('Anabel'), agent('me')]
    expect(findAgents(list, '', 'me').map((a) => a.name)).toEqual(['Anabel', 'Ana'])
    expect(findAgents(list, 'anab', 'me').map((a) => a.name)).toEqual(['Anabel'])
    expect(findAgents([agent('Ana')], 'ana ', 'me')).toEqual([])
  })
  it('are marked in the text, and nowhere inside addresses', () => {
    expect(withMentions([{ text: '请 @陈佳 看一下' }], ['陈佳'])).toEqual([{ text: '请 ' }, { text: '@陈佳', mention: '陈佳' }, { text: ' 看一下' }])
    expect(withMentions([{ text: 'https://x/@ana', href: 'https://x/@ana' }], ['ana'])).toEqual([{ text: 'https://x/@ana', href: 'https://x/@ana' }])
    expect(withMentions([{ text: '@a.b @axb' }], ['a.b'])).toEqual([{ text: '@a.b', mention: 'a.b' }, { text: ' @axb' }])
  })
})

describe('the order of things', () => {
  const list = [{ id: 'a', sort: 0 }, { id: 'b', sort: 0 }, { id: 'c', sort: 5 }]
  it('moving one writes those whose place is another one then', () => {
    expect(moved(list, 'b', -1)).toEqual([{ id: 'a', sort: 1 }, { id: 'c', sort: 2 }])
    expect(moved(list, 'b', 1)).toEqual([{ id: 'c', sort: 1 }, { id: 'b', sort: 2 }])
  })
  it('nothing goes beyond the ends, and a new one stands behind all', () => {
    expect(moved(list, 'a', -1)).toEqual([])
    expect(moved(list, 'c', 1)).toEqual([])
    expect(last(list)).toBe(6)
    expect(last([])).toBe(0)
  })
})

describe('visits', () => {
  const page = (id: string, at: string, until = at) => ({ id, at, until, url: 'http://x/' + id, title: id })
  const visit = (since: string, until: string, pages: ReturnType<typeof page>[]) => ({ since, until, pages: pages.map((p) => ({ ...p, dwellMs: 0 })) })
  const one = visit('2026-01-01T10:00:00Z', '2026-01-01T10:05:00Z', [page('a', '2026-01-01T10:00:00Z', '2026-01-01T10:05:00Z')])
  it('a page soon after joins the visit, one long after begins another', () => {
    const soon = withPage([one], page('b', '2026-01-01T10:20:00Z'))
    expect(soon.length).toBe(1)
    expect(soon[0]!.pages.map((p) => p.id)).toEqual(['b', 'a'])
    expect(withPage([one], page('b', '2026-01-01T11:00:00Z')).map((v) => v.pages.length)).toEqual([1, 1])
  })
  it('a page that is renewed is there once, with the time spent on it', () => {
    const again = withPage([one], page('a', '2026-01-01T10:00:00Z', '2026-01-01T10:09:00Z'))
    expect(again[0]!.pages.map((p) => [p.id, p.dwellMs])).toEqual([['a', 540_000]])
    expect(again[0]!.until).toBe('2026-01-01T10:09:00Z')
  })
})
