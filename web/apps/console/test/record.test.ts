import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { expect, it, vi } from 'vitest'
import { toasts } from '../src/app/toasts'
import RecordDialog from '../src/call/RecordDialog.vue'
import { i18n } from '../src/i18n'
import { useSession } from '../src/realtime/session'

// The client takes fetch when it is made.
const net = vi.hoisted(() => {
  const n = { answer: undefined as unknown as (r: Request) => Promise<Response> }
  globalThis.fetch = ((r: Request) => n.answer(r)) as typeof fetch
  return n
})
const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status, headers: { 'Content-Type': status < 300 ? 'application/json' : 'application/problem+json' } })

it('tells that a recording could not be deleted, and stays', async () => {
  const pinia = createPinia()
  setActivePinia(pinia)
  useSession().session = { permissions: ['conversation.manage'] } as never
  const record = { call: 'k', side: 'agent', part: 0, file: 'f', offset: 0, length: 1000, size: 1, video: true, until: '2027-01-01T00:00:00Z', url: '/files/f/original' }
  net.answer = async (r) => {
    if (r.method === 'DELETE') return json({ code: 'forbidden', reason: 'not_allowed', detail: 'no' }, 403)
    return json({ items: r.method === 'POST' ? [record] : [{ id: 'k', agentName: 'Ann', invitedAt: '2026-11-21T00:00:00Z', records: [record] }] })
  }
  const w = mount(RecordDialog, { props: { conversation: 'c', call: 'k' }, global: { plugins: [pinia, i18n], stubs: { AppDialog: { template: '<div><slot /></div>' } } } })
  await vi.waitFor(() => w.get('[data-test=record-erase]'))
  await w.get('[data-test=record-erase]').trigger('click')
  await w.get('[data-test=record-sure]').trigger('click')
  await flushPromises()
  expect(toasts.at(-1)?.tone).toBe('bad')
  expect(w.emitted('close')).toBeUndefined()
})
