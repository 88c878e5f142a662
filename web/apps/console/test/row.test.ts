import { createPinia, setActivePinia } from 'pinia'
import { mount } from '@vue/test-utils'
import { beforeEach, expect, it } from 'vitest'
import { nextTick } from 'vue'
import type { Conversation } from '@parlor/protocol/types'
import { now } from '../src/app/clock'
import { followLocale, i18n } from '../src/i18n'
import { prefs } from '../src/app/prefs'
import ConversationRow from '../src/inbox/ConversationRow.vue'
import { useInbox } from '../src/realtime/inbox'

const base = {
  id: 'c1', inbox: 'main', channel: 'web', visitor: 'v', visitorName: '周雨桐', status: 'open', agent: 'a', priority: 0, version: 1, createdAt: '', queuedAt: '',
  lastSeq: 3, visibleSeq: 3, lastAt: '2026-01-01T10:00:00Z', lastText: '<img src=x>', lastKind: 'text', lastFrom: 'visitor', agentRead: 1, visitorRead: 3, unread: 2, waitingSince: '2026-01-01T10:00:00Z',
} as Conversation
const row = () => mount(ConversationRow, { props: { conversation: base, selected: false, cursor: false, index: 0, total: 1, view: 'mine' }, global: { plugins: [i18n] } })

beforeEach(async () => {
  setActivePinia(createPinia())
  prefs.locale = 'en'
  await followLocale()
})

it('shows unread and how long the visitor waits: grey, then amber, then red', async () => {
  const w = row()
  const tone = () => w.find('.lucide-clock-icon, .lucide-clock').element.closest('span')!.className
  now.value = Date.parse(base.waitingSince!) + 39_000
  await nextTick()
  expect(w.text()).toContain('39s')
  expect(tone()).not.toMatch(/warn|bad/)
  now.value = Date.parse(base.waitingSince!) + 40_000
  await nextTick()
  expect(tone()).toContain('bg-warn-soft')
  now.value = Date.parse(base.waitingSince!) + 120_000
  await nextTick()
  expect(tone()).toContain('bg-bad-soft')
  expect(w.text()).toContain('Unread:2')
})

it('shows what a visitor writes as text, never as markup', () => {
  const w = row()
  expect(w.text()).toContain('<img src=x>')
  expect(w.find('img').exists()).toBe(false)
})

it('shows live typing in place of the preview, and stops when it is old', async () => {
  const inbox = useInbox()
  now.value = 1_000_000
  inbox.typing.set('c1', { text: '我的快递', at: now.value })
  const w = row()
  expect(w.text()).toContain('我的快递')
  now.value += 6_001
  await nextTick()
  expect(w.text()).not.toContain('我的快递')
})

it('marks what a robot has with its name, and lets nobody wait or read there', () => {
  now.value = Date.parse(base.waitingSince!) + 200_000
  const w = mount(ConversationRow, { props: { conversation: { ...base, bot: true, agentName: 'Lumi' }, selected: false, cursor: false, index: 0, total: 1, view: 'all' }, global: { plugins: [i18n] } })
  expect(w.find('[data-test=bot]').text()).toBe('Lumi')
  expect(w.text()).not.toContain('Unread')
  expect(w.text()).not.toContain('Waiting')
  expect(row().find('[data-test=bot]').exists()).toBe(false)
})
