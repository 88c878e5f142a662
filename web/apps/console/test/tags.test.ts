// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, it, vi } from 'vitest'
import type { Conversation } from '@parlor/protocol/types'

let fetched = 0
let stored: Partial<Conversation> = {}
vi.mock('../src/realtime/client', async (original) => ({
  ...(await original<object>()),
  rest: { GET: async () => { fetched++; return { data: stored } } },
  socket: { connect: () => undefined, request: () => Promise.resolve({}), on: () => undefined },
}))

const copy = (version: number, tags: string[], more: Partial<Conversation> = {}) => ({ id: 'c', version, tags, status: 'open', lastAt: '', agentRead: 0, visitorRead: 0, ...more }) as Conversation

beforeEach(() => { setActivePinia(createPinia()); fetched = 0 })

it('a copy from before the tags were changed does not undo them', async () => {
  const { useInbox } = await import('../src/realtime/inbox')
  const inbox = useInbox()
  inbox.upsert(copy(5, []))
  inbox.retag({ conversation: 'c', tags: ['vip'], version: 6 })
  inbox.upsert(copy(5, []))
  expect(inbox.byId.get('c')!.tags).toEqual(['vip'])
  expect(fetched).toBe(0)
  // Tags that have been changed since are not brought back either.
  inbox.upsert(copy(8, []))
  inbox.retag({ conversation: 'c', tags: ['vip'], version: 6 })
  expect(inbox.byId.get('c')!.tags).toEqual([])
})

it('what else has changed before the tags is asked for, and comes', async () => {
  const { useInbox } = await import('../src/realtime/inbox')
  const inbox = useInbox()
  inbox.upsert(copy(5, []))
  stored = copy(7, ['vip'], { status: 'closed' })
  inbox.retag({ conversation: 'c', tags: ['vip'], version: 7 })
  expect(inbox.byId.get('c')!.tags).toEqual(['vip'])
  await vi.waitFor(() => expect(inbox.byId.get('c')!.status).toBe('closed'))
  inbox.upsert(copy(6, []))
  expect(inbox.byId.get('c')).toMatchObject({ status: 'closed', tags: ['vip'], version: 7 })
  expect(fetched).toBe(1)
})
