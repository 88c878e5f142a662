import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Engine, EngineEvents } from '../src/engine'
import { ParlorError } from '../src/errors'
import { backoff, Socket } from '../src/socket'

/** An engine in the hands of the test. */
class Fake implements Engine {
  sent: string[] = []
  closed = false
  stale = false
  constructor(public polling: boolean, public on: EngineEvents) { made.push(this) }
  send(p: string) { this.sent.push(p) }
  close() { if (!this.closed) { this.closed = true; this.on.close('client close', true) } }
  /** Opens and joins the namespace. */
  join() { this.on.open(); this.on.message('0/parlor/agent,{"sid":"x"}') }
}
let made: Fake[] = []
type E = { post: [{ text: string }, { seq: number }]; typing: [{ on: boolean }, void] }
type L = { message: { seq: number } }
let sockets: { close(): void }[] = []
const create = (auth?: () => object) => {
  const s = new Socket<E, L>({ url: 'http://h/socket.io/', namespace: '/parlor/agent', ackTimeout: 1_000, ...(auth ? { auth } : {}), engine: (_, polling, on) => new Fake(polling, on) })
  sockets.push(s)
  return s
}

beforeEach(() => { made = []; vi.useFakeTimers(); vi.spyOn(Math, 'random').mockReturnValue(0.5) })
afterEach(() => {
  sockets.forEach((s) => s.close())
  sockets = []
  vi.useRealTimers()
})

describe('Socket', () => {
  it('joins its namespace with the credentials of the moment', () => {
    let n = 0
    const s = create(() => ({ token: 't' + ++n }))
    s.connect()
    made[0]!.on.open()
    expect(made[0]!.sent).toEqual(['40/parlor/agent,{"token":"t1"}'])
    expect(s.link).toBe('connecting')
    made[0]!.on.message('0/parlor/agent,{"sid":"x"}')
    expect(s.link).toBe('online')
  })

  it('resolves a request with its acknowledgement and rejects with the error in it', async () => {
    const s = create()
    s.connect()
    made[0]!.join()
    const good = s.request('post', { text: 'a' })
    const bad = s.request('post', { text: 'b' })
    expect(made[0]!.sent.slice(1)).toEqual(['42/parlor/agent,0["post",{"text":"a"}]', '42/parlor/agent,1["post",{"text":"b"}]'])
    made[0]!.on.message('3/parlor/agent,1[{"error":{"code":"conflict","reason":"conversation_closed"}}]')
    made[0]!.on.message('3/parlor/agent,0[{"seq":7}]')
    await expect(good).resolves.toEqual({ seq: 7 })
    await expect(bad).rejects.toMatchObject({ code: 'conflict', reason: 'conversation_closed', temporary: false })
  })

  it('fails open requests when the connection goes, and requests without one at once', async () => {
    const s = create()
    s.connect()
    made[0]!.join()
    const open = s.request('post', { text: 'a' })
    made[0]!.on.close('transport close', true)
    await expect(open).rejects.toMatchObject({ reason: 'disconnected', temporary: true })
    await expect(s.request('post', { text: 'b' })).rejects.toBeInstanceOf(ParlorError)
  })

  it('fails a request whose acknowledgement does not come', async () => {
    const s = create()
    s.connect()
    made[0]!.join()
    const r = expect(s.request('post', { text: 'a' })).rejects.toMatchObject({ reason: 'disconnected' })
    await vi.advanceTimersByTimeAsync(1_000)
    await r
  })

  it('delivers events of its namespace only', () => {
    const s = create()
    const got: number[] = []
    s.on('message', (m) => got.push(m.seq))
    s.connect()
    made[0]!.join()
    made[0]!.on.message('2/parlor/agent,["message",{"seq":3}]')
    made[0]!.on.message('2/parlor/visitor,["message",{"seq":4}]')
    made[0]!.on.message('2["message",{"seq":5}]')
    expect(got).toEqual([3])
  })

  it('comes back with growing waits and starts over after a success', async () => {
    const s = create()
    s.connect()
    made[0]!.on.close('transport error', false)
    await vi.advanceTimersByTimeAsync(499)
    expect(made).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(made).toHaveLength(2)
    made[1]!.join()
    made[1]!.on.close('transport close', true)
    await vi.advanceTimersByTimeAsync(500)
    expect(made).toHaveLength(3)
  })

  it('polls after two openings that failed, then tries the WebSocket again', async () => {
    create().connect()
    for (let i = 0; i < 3; i++) {
      made[i]!.on.close('transport error', false)
      await vi.advanceTimersByTimeAsync(30_000)
    }
    expect(made.map((m) => m.polling)).toEqual([false, false, true, false])
  })

  it('does not wait when the network comes back', () => {
    const s = create()
    s.connect()
    made[0]!.on.close('transport error', false)
    dispatchEvent(new Event('online'))
    expect(made).toHaveLength(2)
    s.close()
  })

  it('drops a connection that slept when the page is shown again', () => {
    const s = create()
    s.connect()
    made[0]!.join()
    made[0]!.stale = true
    document.dispatchEvent(new Event('visibilitychange'))
    expect(made[0]!.closed).toBe(true)
    s.close()
  })

  it('gives up for good when the server refuses the credentials', async () => {
    const s = create()
    const refused = vi.fn()
    s.on('refused', refused)
    s.connect()
    made[0]!.on.open()
    made[0]!.on.message('4/parlor/agent,{"message":"unauthenticated","data":{"code":"unauthenticated","reason":"unauthenticated"}}')
    expect(refused.mock.calls[0]![0]).toMatchObject({ code: 'unauthenticated' })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(made).toHaveLength(1)
  })

  it('treats an ended session as a refusal', () => {
    const s = create()
    const refused = vi.fn()
    s.on('refused', refused)
    s.connect()
    made[0]!.join()
    made[0]!.on.close('session ended', true)
    expect(refused).toHaveBeenCalledOnce()
    expect(s.link).toBe('offline')
  })
})

it('backoff doubles, is capped and spread', () => {
  expect([0, 1, 2, 3].map((n) => backoff(n, () => 0.5))).toEqual([500, 1_000, 2_000, 4_000])
  expect(backoff(30, () => 1)).toBe(30_000)
  expect(backoff(30, () => 0)).toBe(10_000)
})
