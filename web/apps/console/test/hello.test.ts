// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, it, vi } from 'vitest'

const asked: string[] = []
let answer: (() => void) | undefined
const heard: Record<string, (e: unknown) => void> = {}
vi.mock('../src/realtime/client', async (original) => ({
  ...(await original<object>()),
  rest: {
    GET: (path: string, { params }: { params?: { query?: { view?: string } } } = {}) => new Promise((done) => {
      if (path.endsWith('/conversations')) asked.push(params?.query?.view ?? '')
      answer = () => done({ data: { items: [] } })
      if (path.endsWith('/agents')) answer()
    }),
  },
  socket: { connect: () => undefined, request: () => Promise.resolve({}), on: (event: string, fn: (e: unknown) => void) => { heard[event] = fn } },
}))

beforeEach(() => { setActivePinia(createPinia()); asked.length = 0 })
const settled = () => new Promise((done) => setTimeout(done))

it('a list that was asked for before the first connection is loaded again', async () => {
  const { useInbox } = await import('../src/realtime/inbox')
  const inbox = useInbox()
  inbox.start(() => undefined)
  void inbox.loadView('all')
  const first = answer!
  // The connection comes while the answer, which is older, is on its way.
  heard.hello!({ now: '2026-01-01T00:00:00Z', status: {}, counts: { mine: 0, queue: 0, all: 0, unread: 0 } })
  await settled()
  expect(asked).toEqual(['all'])
  first()
  await settled()
  expect(asked).toEqual(['all', 'all'])
  answer!()
  await settled()
  expect(inbox.views.all.state).toBe('ready')
  // And one that is there already.
  heard.hello!({ now: '2026-01-01T00:00:00Z', status: {}, counts: { mine: 0, queue: 0, all: 0, unread: 0 } })
  await settled()
  expect(asked).toEqual(['all', 'all', 'all'])
})
