import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SocketEngine } from '../src/engine'
import { PollEngine } from '../src/poll'

class FakeWebSocket {
  static last: FakeWebSocket
  readyState = 1
  sent: string[] = []
  onmessage?: (e: { data: string }) => void
  onclose?: ((e: { reason: string }) => void) | null
  onerror?: (() => void) | null
  constructor(public url: string) { FakeWebSocket.last = this }
  send(x: string) { this.sent.push(x) }
  close() { this.readyState = 3 }
}
const events = () => ({ open: vi.fn(), message: vi.fn(), close: vi.fn() })
const HELLO = '0{"sid":"s","upgrades":[],"pingInterval":1000,"pingTimeout":500,"maxPayload":100000}'

beforeEach(() => { vi.useFakeTimers(); vi.stubGlobal('WebSocket', FakeWebSocket) })
afterEach(() => { vi.useRealTimers(); vi.unstubAllGlobals() })

it('a WebSocket opens, answers pings and passes messages on', () => {
  const on = events()
  new SocketEngine('https://h/socket.io/', on)
  const ws = FakeWebSocket.last
  expect(ws.url).toBe('wss://h/socket.io/?EIO=4&transport=websocket')
  ws.onmessage!({ data: HELLO })
  expect(on.open).toHaveBeenCalledOnce()
  ws.onmessage!({ data: '2' })
  expect(ws.sent).toEqual(['3'])
  ws.onmessage!({ data: '42["a"]' })
  expect(on.message).toHaveBeenCalledWith('2["a"]')
})

it('a silent server counts as gone after interval and time-out', () => {
  const on = events()
  new SocketEngine('http://h/', on)
  FakeWebSocket.last.onmessage!({ data: HELLO })
  vi.advanceTimersByTime(1_499)
  expect(on.close).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(on.close).toHaveBeenCalledExactlyOnceWith('ping timeout', true)
})

it('the reason of the close frame is told', () => {
  const on = events()
  new SocketEngine('http://h/', on)
  FakeWebSocket.last.onmessage!({ data: HELLO })
  FakeWebSocket.last.onclose!({ reason: 'server shutting down' })
  expect(on.close).toHaveBeenCalledWith('server shutting down', true)
})

it('polling splits packets, joins what it sends and stops on a bad answer', async () => {
  const on = events()
  const posts: string[] = []
  const answers = [HELLO, '42["a"]\x1e2\x1e42["b"]']
  vi.stubGlobal('fetch', async (_: string, init: RequestInit) => {
    if (init.method === 'POST') {
      posts.push(String(init.body))
      return new Response('ok')
    }
    const next = answers.shift()
    return next === undefined ? new Response('gone', { status: 400 }) : new Response(next)
  })
  const beacon = vi.spyOn(navigator, 'sendBeacon').mockReturnValue(true)
  const engine = new PollEngine('http://h/', on)
  on.open.mockImplementation(() => { engine.send('40/n,'); engine.send('42/n,["x"]') })
  await vi.waitFor(() => expect(on.close).toHaveBeenCalledWith('poll 400', true))
  expect(on.message.mock.calls.flat()).toEqual(['2["a"]', '2["b"]'])
  expect(posts.join('\x1e').split('\x1e')).toEqual(['40/n,', '42/n,["x"]', '3'])
  expect(beacon).toHaveBeenCalledOnce()
})
