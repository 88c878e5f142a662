import { defineStore } from 'pinia'
import { computed, ref, shallowReactive } from 'vue'
import { throttle } from '@parlor/protocol/store'
import type { AgentListen, Draft, Handover, Mention } from '@parlor/protocol/types'
import { chime, notice } from '../app/alerts'
import { now } from '../app/clock'
import { toast, toastError } from '../app/toasts'
import { t } from '../i18n'
import { rest, socket } from './client'
import { useInbox } from './inbox'
import { setViewers } from './viewers'

/** This tab's own name, so that it knows its own drafts when they come back. */
const ORIGIN = [...crypto.getRandomValues(new Uint8Array(8))].map((b) => b.toString(16).padStart(2, '0')).join('')
const MAX_OFFERS = 5
/** Wait between two copies of a draft to the server, ms. */
const DRAFT_EVERY = 1_200

/** The agent's desk beside the conversations: transfers that wait, offers, mentions, drafts, unread chats. */
export const useDesk = defineStore('desk', () => {
  const inbox = useInbox()
  const handovers = shallowReactive(new Map<string, Handover>())
  const offers = shallowReactive(new Map<string, { conversation: string; team?: string }>())
  const drafts = shallowReactive(new Map<string, Draft>())
  const mentions = ref(0)
  const chats = ref(0)
  /** Left messages that nobody has dealt with. */
  const left = ref(0)
  /** Conversations with a mention that has not been read. */
  const mentioned = shallowReactive(new Set<string>())
  const lastMention = ref<Mention>()
  let openConversation: (id: string, seq?: number) => void = () => {}

  const nameOf = (agent: string) => inbox.agents.get(agent)?.name ?? ''
  /** Transfers to me that I can still accept. */
  const incoming = computed(() => [...handovers.values()].filter((h) => h.to === inbox.me && Date.parse(h.expires) > now.value))
  /** Offers that nobody has taken yet. */
  const open = computed(() => [...offers.values()].filter((o) => inbox.byId.get(o.conversation)?.status === 'queued'))

  async function onHandover(e: AgentListen['handover']) {
    if (e.state === 'offered') {
      handovers.set(e.conversation, e)
      if (e.to !== inbox.me) return
      if (!inbox.byId.has(e.conversation)) await inbox.fetchOne(e.conversation).catch(() => undefined)
      chime(true)
      notice(t('handover.notice', { by: e.by }), inbox.byId.get(e.conversation)?.visitorName ?? '', 'handover-' + e.conversation, () => openConversation(e.conversation))
      return
    }
    handovers.delete(e.conversation)
    const visitor = inbox.byId.get(e.conversation)?.visitorName ?? ''
    if (e.from === inbox.me && e.state === 'declined') toast(t('handover.declined', { agent: nameOf(e.to), visitor }), 'bad')
    else if (e.from === inbox.me && e.state === 'expired') toast(t('handover.expired', { agent: nameOf(e.to), visitor }), 'bad')
    else if (e.from === inbox.me && e.state === 'accepted') toast(t('handover.accepted', { agent: nameOf(e.to), visitor }), 'ok')
    else if (e.to === inbox.me && e.state === 'withdrawn') toast(t('handover.withdrawn', { by: e.by, visitor }))
    else if (e.to === inbox.me && e.state === 'expired') toast(t('handover.missed', { visitor }))
  }
  async function answer(id: string, how: 'accept' | 'decline' | 'withdraw') {
    const path = { params: { path: { id } } }
    try {
      if (how === 'accept') {
        const { data } = await rest.POST('/api/parlor/v1/conversations/{id}/handover/accept', path)
        if (data) inbox.place(inbox.upsert(data))
        openConversation(id)
      } else if (how === 'decline') await rest.POST('/api/parlor/v1/conversations/{id}/handover/decline', path)
      else await rest.POST('/api/parlor/v1/conversations/{id}/handover/withdraw', path)
    } catch (e) {
      toastError(e)
    }
    handovers.delete(id)
  }
  async function onOffer(o: AgentListen['offer']) {
    if (inbox.byId.get(o.conversation)?.status !== 'queued') await inbox.fetchOne(o.conversation).catch(() => undefined)
    if (inbox.byId.get(o.conversation)?.status !== 'queued') return
    offers.delete(o.conversation)
    offers.set(o.conversation, o)
    for (const id of offers.keys()) if (offers.size > MAX_OFFERS) offers.delete(id)
    chime(true)
    notice(t('offer.notice'), inbox.byId.get(o.conversation)?.visitorName ?? '', 'offer-' + o.conversation, () => openConversation(o.conversation))
  }
  /** A queue is long: who is told of it sees which team takes over. */
  function onSpilled(e: AgentListen['spilled']) {
    toast(t(e.toName ? 'spilled.to' : 'spilled.only', { from: e.fromName, to: e.toName ?? '', n: e.waiting }), 'plain', { key: 'spilled-' + e.from })
  }
  async function take(id: string) {
    offers.delete(id)
    try {
      const { data } = await rest.POST('/api/parlor/v1/conversations/{id}/claim', { params: { path: { id } } })
      if (data) inbox.place(inbox.upsert(data))
      openConversation(id)
    } catch (e) {
      toastError(e)
    }
  }
  const dismissOffer = (id: string) => offers.delete(id)

  // ---- mentions

  function onMention(e: AgentListen['mention']) {
    mentions.value = e.unread
    const m = e.mention
    if (!m) {
      if (e.unread === 0) mentioned.clear()
      return
    }
    mentioned.add(m.conversation)
    lastMention.value = m
    if (inbox.current === m.conversation && !document.hidden) return void readMentions(m.conversation)
    chime()
    toast(t('mentions.toast', { name: m.from.name ?? '', visitor: m.visitorName }), 'plain', { key: 'mention', action: { text: t('mentions.open'), run: () => openConversation(m.conversation, m.seq) } })
    notice(t('mentions.toast', { name: m.from.name ?? '', visitor: m.visitorName }), m.text, m.message, () => openConversation(m.conversation, m.seq))
  }
  /** Marks the mentions in one conversation, or all, as read. */
  async function readMentions(conversation?: string) {
    if (conversation ? !mentioned.delete(conversation) : false) return
    if (!conversation) mentioned.clear()
    try {
      const { data } = await rest.POST('/api/parlor/v1/mentions/read', { body: conversation ? { conversation } : {} })
      if (data) mentions.value = data.unread
    } catch (e) {
      toastError(e)
    }
  }

  // ---- drafts

  const copies = new Map<string, ReturnType<typeof throttle<Draft>>>()
  /** Copies a draft to the server, so that it is there on every device. Off line it stays in this browser. */
  function keepDraft(conversation: string, text: string, note: boolean) {
    const d = { conversation, text, note, at: '', origin: ORIGIN }
    if (!text && !drafts.get(conversation)?.text) return copies.get(conversation)?.cancel()
    drafts.set(conversation, d)
    let copy = copies.get(conversation)
    if (!copy) copies.set(conversation, (copy = throttle<Draft>(DRAFT_EVERY, ({ conversation: c, text: x, note: n }) => void socket.request('draft', { conversation: c, text: x, origin: ORIGIN, ...(n ? { note: n } : {}) }).catch(() => undefined))))
    copy(d)
    return undefined
  }
  /** The server forgets the draft of what has been sent; a copy on its way must not bring it back. */
  function dropDraft(conversation: string) {
    copies.get(conversation)?.cancel()
    drafts.delete(conversation)
  }

  async function load() {
    const got = <T>(p: Promise<T>) => p.catch(() => undefined)
    const [h, m, d, c, l] = await Promise.all([
      got(rest.GET('/api/parlor/v1/handovers')), got(rest.GET('/api/parlor/v1/mentions', { params: { query: { unread: true, limit: 100 } } })),
      got(rest.GET('/api/parlor/v1/drafts')), got(rest.GET('/api/parlor/v1/colleagues/chats', { params: { query: { limit: 1 } } })), got(rest.GET('/api/parlor/v1/leave-messages/counts')),
    ])
    handovers.clear()
    for (const x of h?.data?.items ?? []) handovers.set(x.conversation, x)
    for (const x of h?.data?.items ?? []) if (!inbox.byId.has(x.conversation)) await got(inbox.fetchOne(x.conversation))
    if (m?.data) {
      mentions.value = m.data.unread
      mentioned.clear()
      for (const x of m.data.items ?? []) mentioned.add(x.conversation)
    }
    for (const x of d?.data?.items ?? []) if (!drafts.has(x.conversation)) drafts.set(x.conversation, x)
    if (c?.data) chats.value = c.data.unread
    if (l?.data) left.value = l.data.open
  }

  // A storm of left messages asks once.
  const countLeft = throttle<unknown>(2_000, () => void rest.GET('/api/parlor/v1/leave-messages/counts').then(({ data }) => { if (data) left.value = data.open }, () => undefined))

  let started = false
  /** Follows the live events. `go` opens a conversation, at a message if one is named. */
  function start(go: (id: string, seq?: number) => void) {
    openConversation = go
    if (started) return
    started = true
    socket.on('hello', () => void load())
    socket.on('handover', (e) => void onHandover(e))
    socket.on('offer', (e) => void onOffer(e))
    socket.on('spilled', onSpilled)
    socket.on('mention', onMention)
    socket.on('viewers', (e) => setViewers(e.conversation, e.viewers))
    socket.on('draft', (d) => { if (d.origin !== ORIGIN) drafts.set(d.conversation, d) })
    socket.on('edited', (e) => inbox.receive(e.message))
    socket.on('recalled', (e) => { inbox.receive(e.message); inbox.place(inbox.upsert(e.conversation)) })
    socket.on('tags', (e) => inbox.retag(e))
    socket.on('leave', countLeft)
    socket.on('export', (e) => { if (!e.gone && e.export.state === 'done' && !e.export.downloads && !location.pathname.endsWith('/exports')) toast(t('exporting.done', { name: e.export.name }), 'ok', { key: e.export.id }) })
    socket.on('colleague', (m) => { if (m.from !== inbox.me) chats.value++ })
    socket.on('colleague-changed', (e) => { if (e.read) chats.value = e.read.unread })
  }
  return { handovers, offers, drafts, mentions, chats, left, mentioned, lastMention, incoming, open, nameOf, answer, take, dismissOffer, readMentions, keepDraft, dropDraft, start }
})
