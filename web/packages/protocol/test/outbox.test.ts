import { expect, it, vi } from 'vitest'
import { disconnected, ParlorError } from '../src/errors'
import { Outbox, type Pending } from '../src/outbox'
import { throttle } from '../src/store'
import type { Message } from '../src/types'

const message = (p: Pending) => ({ id: 'm', clientId: p.clientId }) as Message
function memory() {
  const m = new Map<string, string>()
  return { m, getItem: (k: string) => m.get(k) ?? null, setItem: (k: string, v: string) => void m.set(k, v), removeItem: (k: string) => void m.delete(k), key: (i: number) => [...m.keys()][i] ?? null, get length() { return m.size } }
}
const make = (send: (p: Pending) => Promise<Message>, storage = memory()) => ({ storage, sent: vi.fn(), box: undefined as unknown as Outbox, send })
function build(send: (p: Pending) => Promise<Message>, storage = memory()) {
  const x = make(send, storage)
  x.box = new Outbox({ storage, scope: 'out.', send: x.send, sent: x.sent, changed() {} })
  return x
}

it('keeps a message in storage until it is acknowledged', async () => {
  let done!: (m: Message) => void
  const x = build(() => new Promise((r) => { done = r }))
  const p = x.box.add({ lane: 'c1', kind: 'text', text: 'hi' })
  expect([...x.storage.m.keys()]).toEqual(['out.' + p.clientId])
  done(message(p))
  await vi.waitFor(() => expect(x.sent).toHaveBeenCalledOnce())
  expect(x.storage.m.size).toBe(0)
  expect(x.box.items).toEqual([])
})

it('repeats after a lost connection under the same id, and after a reload', async () => {
  const ids: string[] = []
  let online = false
  const send = async (p: Pending) => {
    ids.push(p.clientId)
    if (!online) throw disconnected()
    return message(p)
  }
  const first = build(send)
  first.box.add({ lane: 'c1', kind: 'text', text: 'hi' })
  await vi.waitFor(() => expect(ids).toHaveLength(1))
  online = true
  const second = build(send, first.storage)
  expect(second.box.items.map((p) => p.text)).toEqual(['hi'])
  await second.box.flush()
  expect(ids[1]).toBe(ids[0])
  expect(second.storage.m.size).toBe(0)
})

it('sends a lane in order and lets other lanes pass', async () => {
  const order: string[] = []
  const gates = new Map<string, () => void>()
  const x = build((p) => new Promise((r) => { order.push(p.text!); gates.set(p.text!, () => r(message(p))) }))
  x.box.add({ lane: 'a', kind: 'text', text: 'a1' })
  x.box.add({ lane: 'a', kind: 'text', text: 'a2' })
  x.box.add({ lane: 'b', kind: 'text', text: 'b1' })
  expect(order).toEqual(['a1', 'b1'])
  gates.get('a1')!()
  await vi.waitFor(() => expect(order).toEqual(['a1', 'b1', 'a2']))
})

it('marks what the server refuses, goes on with the next, and sends it again on request', async () => {
  let refuse = true
  const x = build(async (p) => {
    if (p.text === 'bad' && refuse) throw new ParlorError({ code: 'conflict', reason: 'conversation_closed' })
    return message(p)
  })
  const bad = x.box.add({ lane: 'a', kind: 'text', text: 'bad' })
  x.box.add({ lane: 'a', kind: 'text', text: 'good' })
  await vi.waitFor(() => expect(x.sent).toHaveBeenCalledOnce())
  expect(x.box.items).toMatchObject([{ text: 'bad', failed: 'conversation_closed' }])
  refuse = false
  x.box.retry(bad.clientId)
  await vi.waitFor(() => expect(x.box.items).toEqual([]))
})

it('a flush that comes while an attempt fails is not lost', async () => {
  let n = 0
  const x = build(async (p) => {
    if (++n > 1) return message(p)
    void x.box.flush()
    throw disconnected()
  })
  x.box.add({ lane: 'a', kind: 'text', text: 'x' })
  await vi.waitFor(() => expect(x.box.items).toEqual([]))
  expect(n).toBe(2)
})

it('asks a busy server again by the clock', async () => {
  vi.useFakeTimers()
  let n = 0
  const x = build(async (p) => {
    if (++n === 1) throw new ParlorError({ code: 'too_many', reason: 'rate_limited' })
    return message(p)
  })
  x.box.add({ lane: 'a', kind: 'text', text: 'x' })
  await vi.advanceTimersByTimeAsync(3_000)
  expect(x.box.items).toEqual([])
  vi.useRealTimers()
})

it('throttle passes the first and the newest', () => {
  vi.useFakeTimers()
  const got: string[] = []
  const t = throttle<string>(250, (x) => got.push(x))
  for (const x of ['a', 'ab', 'abc']) t(x)
  expect(got).toEqual(['a'])
  vi.advanceTimersByTime(250)
  expect(got).toEqual(['a', 'abc'])
  t('abcd')
  t.cancel()
  vi.advanceTimersByTime(1_000)
  expect(got).toEqual(['a', 'abc'])
  vi.useRealTimers()
})
