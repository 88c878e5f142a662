import { defineStore } from 'pinia'
import { computed, reactive, ref, shallowReactive, shallowRef, type Ref, type ShallowRef } from 'vue'
import { localStore } from '@parlor/protocol/store'
import { Outbox, type Pending } from '@parlor/protocol/outbox'
import type { Link } from '@parlor/protocol/socket'
import type { AgentListen, AgentStatus, Conversation, Counts, FileInfo, Message, PostKind, View } from '@parlor/protocol/types'
import { chime, notice } from '../app/alerts'
import { now, setServerTime } from '../app/clock'
import { toast, toastError } from '../app/toasts'
import { cancel as stopLeaving, leaving, undoable } from '../app/undo'
import { t as text } from '../i18n'
import { cards, patchCard, withPage } from './card'
import { batch, rest, socket } from './client'
import { belongs, compare, emptyView, merge, placed, track, VIEWS, type ViewList } from './conversations'
import { restored } from './restore'
import { useSession } from './session'
import { add } from './thread'
import { setViewers } from './viewers'

/** The loaded part of one conversation's messages, without holes. */
export interface Thread { messages: ShallowRef<Message[]>; atTop: Ref<boolean>; state: Ref<'loading' | 'ready' | 'error'>; older: Ref<boolean> }
/** What a visitor is writing. `text` stays until it is sent or cleared, `at` tells whether it still moves. */
export interface Typing { text: string; name?: string; at: number }

const PAGE = 100
/** The first page of a thread fills any screen more than once: a message is at least 42 px high. */
const firstPage = () => Math.max(30, Math.ceil(innerHeight / 28))
const KEPT_THREADS = 50
/** A visitor who has not touched a key for this long is no longer shown as typing, ms. */
const TYPING_FRESH = 6_000

/** Everything live: conversations, lists, threads, colleagues, what is being sent. */
export const useInbox = defineStore('inbox', () => {
  const session = useSession()
  const me = computed(() => session.session?.agent.id ?? '')
  const byId = shallowReactive(new Map<string, Conversation>())
  const views = Object.fromEntries(VIEWS.map((v) => [v, emptyView()])) as Record<View, ViewList>
  const threads = shallowReactive(new Map<string, Thread>())
  const typing = reactive(new Map<string, Typing>())
  const agents = shallowReactive(new Map<string, AgentStatus>())
  const counts = ref<Counts>({ mine: 0, queue: 0, all: 0, unread: 0 })
  const link = ref<Link>('offline')
  /** True once the first connection stood; before that there is nothing to call lost. */
  const wasOnline = ref(false)
  const current = ref('')
  const pending = shallowRef<Pending[]>([])
  let outbox: Outbox | undefined
  let openConversation: (id: string) => void = () => {}

  // ---- conversations and lists

  function upsert(c: Conversation): Conversation {
    const known = byId.get(c.id)
    if (known) merge(known, c)
    else byId.set(c.id, track({ ...c }))
    return byId.get(c.id)!
  }
  function place(c: Conversation) {
    for (const view of VIEWS) {
      const list = views[view]
      if (list.state === 'idle') continue
      list.ids = placed(list.ids, c.id, belongs(view, c, me.value), (a, b) => compare(view, byId.get(a)!, byId.get(b)!), !list.next)
    }
  }
  /** Lists that are to be loaded again as soon as they are there. */
  const stale = new Set<View>()
  /** Loads the first or the next page of a list. */
  async function loadView(view: View, more = false) {
    const list = views[view]
    if (list.state === 'loading' || (more && !list.next)) return
    const after = more ? list.next : undefined
    list.state = 'loading'
    try {
      const { data } = await rest.GET('/api/parlor/v1/conversations', { params: { query: { view, limit: PAGE, ...(after ? { after } : {}) } } })
      const got = (data?.items ?? []).map((c) => upsert(c).id)
      const ids = more ? [...new Set([...list.ids, ...got])] : got
      list.ids = ids.filter((id) => belongs(view, byId.get(id)!, me.value)).sort((a, b) => compare(view, byId.get(a)!, byId.get(b)!))
      list.next = data?.next
      list.state = 'ready'
    } catch (e) {
      list.state = 'error'
      if (more) toastError(e)
    }
    if (stale.delete(view)) await loadView(view)
  }
  /** Loads a list whose answer may be older than the connection: what happened before it is told to nobody. */
  function reload(view: View) {
    if (views[view].state === 'loading') stale.add(view)
    else if (views[view].state !== 'idle') void loadView(view)
  }
  async function fetchOne(id: string): Promise<Conversation> {
    const { data } = await rest.GET('/api/parlor/v1/conversations/{id}', { params: { path: { id } } })
    return upsert(data!)
  }

  /** Takes over tags as they were changed. A copy from before, which arrives later, must not undo them. */
  function retag(e: { conversation: string; tags: string[]; version: number }) {
    const c = byId.get(e.conversation)
    if (!c || e.version < c.version) return
    c.tags = e.tags
    if (e.version <= c.version + 1) c.version = e.version
    else void fetchOne(e.conversation).catch(() => undefined) // more has changed than we know
  }

  // ---- threads

  const messagesOf = async (id: string, query: { before?: number; after?: number; limit?: number }) =>
    ((await rest.GET('/api/parlor/v1/conversations/{id}/messages', { params: { path: { id }, query } })).data?.items ?? [])

  /** Tells the server which conversation is on screen; it answers who else looks at it. */
  function watch(id: string) {
    void socket.request('watch', { conversation: id }).then((a) => {
      if (a.conversation) upsert(a.conversation)
      if (current.value === id) setViewers(id, a.viewers ?? [])
    }, () => undefined)
  }
  /** Makes a thread current: loads it, or catches up on what came since it was last shown. */
  async function openThread(id: string) {
    current.value = id
    watch(id)
    if (!id) return
    let t = threads.get(id)
    if (t?.state.value === 'ready') {
      threads.delete(id)
      threads.set(id, t)
      return catchUp(id)
    }
    t = { messages: shallowRef([]), atTop: ref(false), state: ref('loading'), older: ref(false) }
    threads.set(id, t)
    for (const old of threads.keys()) {
      if (threads.size <= KEPT_THREADS) break
      if (old !== id) threads.delete(old)
    }
    try {
      const [items] = await Promise.all([messagesOf(id, { limit: Math.min(200, firstPage()) }), byId.has(id) ? undefined : fetchOne(id)])
      t.messages.value = items
      t.atTop.value = (items[0]?.seq ?? 1) <= 1
      t.state.value = 'ready'
    } catch (e) {
      t.state.value = 'error'
      toastError(e)
    }
  }
  /** Reads everything after the last message here. */
  async function catchUp(id: string) {
    const t = threads.get(id)
    if (!t) return
    try {
      for (;;) {
        const items = await messagesOf(id, { after: t.messages.value.at(-1)?.seq ?? 0, limit: 200 })
        t.messages.value = add(t.messages.value, items).messages
        if (items.length < 200) return
      }
    } catch {
      // Off line: the resume after the next connect repeats this.
    }
  }
  /** Loads the page above. Resolves to whether anything came. */
  async function loadOlder(id: string, limit = 50): Promise<boolean> {
    const t = threads.get(id)
    const first = t?.messages.value[0]?.seq
    if (!t || t.older.value || t.atTop.value || !first) return false
    t.older.value = true
    try {
      const items = await messagesOf(id, { before: first, limit })
      t.messages.value = [...items, ...t.messages.value]
      t.atTop.value = items.length < limit || items[0]!.seq <= 1
      return items.length > 0
    } catch (e) {
      toastError(e)
      return false
    } finally {
      t.older.value = false
    }
  }
  /** Loads upwards until the numbered message is here, at most 20 pages. */
  async function reach(id: string, seq: number) {
    for (let i = 0; i < 20; i++) {
      const first = threads.get(id)?.messages.value[0]?.seq
      if (first === undefined || first <= seq || !(await loadOlder(id, 200))) return
    }
  }
  function receive(m: Message) {
    const t = threads.get(m.conversation)
    if (!t || t.state.value !== 'ready') return
    const r = add(t.messages.value, [m])
    t.messages.value = r.messages
    if (r.gap) void catchUp(m.conversation)
  }
  /** Tells the server that the agent has seen everything in an own conversation. */
  function markRead(id: string) {
    const c = byId.get(id)
    if (!c || c.agent !== me.value || c.status !== 'open' || document.hidden) return
    const seq = threads.get(id)?.messages.value.at(-1)?.seq ?? 0
    if (c.unread === 0 && c.agentRead >= seq) return
    c.unread = 0
    c.agentRead = Math.max(c.agentRead, seq)
    void socket.request('read', { conversation: id, seq }).catch(() => undefined)
  }

  // ---- sending

  function send(conversation: string, kind: PostKind, text?: string, file?: FileInfo) {
    outbox?.add({ lane: conversation, kind, ...(text ? { text } : {}), ...(file ? { file } : {}) })
  }
  /** Takes a message back. What it said goes into the composer again if `again` is set. */
  async function recall(m: Message, again = false) {
    try {
      const { message } = await socket.request('recall', { conversation: m.conversation, seq: m.seq })
      receive(message)
      if (again && m.text) restored.value = { conversation: m.conversation, text: m.text, note: m.kind === 'note' }
    } catch (e) {
      toastError(e)
    }
  }
  function onSent(m: Message) {
    receive(m)
    undoable('send', text(m.kind === 'note' ? 'toast.noted' : 'toast.sent'), () => void recall(m, true))
  }
  const retry = (clientId: string) => outbox?.retry(clientId)
  const discard = (clientId: string) => outbox?.remove(clientId)

  // ---- events

  function alertFor(m: Message, c: Conversation) {
    if (m.from.kind !== 'visitor' || c.agent !== me.value) return
    const seen = !document.hidden && current.value === c.id
    if (!seen) chime()
    notice(c.visitorName, m.text ?? m.file?.name ?? '', c.id, () => openConversation(c.id))
  }
  function onMessage({ message, conversation }: AgentListen['message']) {
    const c = upsert(conversation)
    place(c)
    receive(message)
    if (message.from.kind === 'visitor') typing.delete(c.id)
    alertFor(message, c)
    // Whoever still writes is not shown the door.
    if (message.from.kind === 'visitor' && leaving.get(c.id)?.kind === 'close' && stopLeaving(c.id)) toast(text('toast.closeStopped', { visitor: c.visitorName }), 'bad')
  }
  function onConversation({ conversation, cause }: AgentListen['conversation']) {
    const before = byId.get(conversation.id)?.agent
    const c = upsert(conversation)
    place(c)
    if (c.status === 'closed') typing.delete(c.id)
    if ((cause === 'assigned' || cause === 'transferred') && c.agent === me.value && before !== me.value) {
      chime(true)
      notice(text('notice.assigned'), c.visitorName, c.id, () => openConversation(c.id))
    }
  }
  function onTyping(e: AgentListen['typing']) {
    if (e.from !== 'visitor') return
    if (e.on) typing.set(e.conversation, { text: e.text ?? '', at: now.value, ...(e.name ? { name: e.name } : {}) })
    else typing.delete(e.conversation)
  }
  function onRead(e: AgentListen['read']) {
    const c = byId.get(e.conversation)
    if (!c) return
    if (e.side === 'visitor') c.visitorRead = Math.max(c.visitorRead, e.seq)
    else { c.agentRead = Math.max(c.agentRead, e.seq); c.unread = e.unread }
  }
  /** Applies events in the order they came, those of one frame together. */
  const inOrder = batch<() => void>((list) => list.forEach((apply) => apply()))
  function follow<K extends keyof AgentListen>(event: K, apply: (e: AgentListen[K]) => void) {
    socket.on(event, (e) => inOrder(() => apply(e)))
  }
  const isTyping = (id: string) => {
    const t = typing.get(id)
    return !!t && now.value - t.at < TYPING_FRESH
  }

  async function onHello(e: AgentListen['hello']) {
    setServerTime(e.now)
    session.status = e.status
    counts.value = e.counts
    const again = wasOnline.value
    wasOnline.value = true
    void outbox?.flush()
    watch(current.value)
    void rest.GET('/api/parlor/v1/agents').then(({ data }) => data?.items?.forEach((a: AgentStatus) => agents.set(a.agent, a)), () => undefined)
    // Also with the first connection: the page has begun to load before it.
    for (const v of VIEWS) reload(v)
    const have: Record<string, number> = {}
    for (const [id, t] of threads) if (t.state.value === 'ready') have[id] = t.messages.value.at(-1)?.seq ?? 0
    if (!again && !Object.keys(have).length) return
    try {
      const r = await socket.request('resume', { conversations: have })
      for (const c of r.conversations ?? []) place(upsert(c))
      for (const m of r.messages ?? []) receive(m)
      if (r.reload) for (const id of Object.keys(have)) void catchUp(id)
    } catch {
      // Lost again: the next connection resumes.
    }
  }

  /** Connects for the person who is logged in. `go` opens a conversation from a desktop notice. */
  function start(go: (id: string) => void) {
    openConversation = go
    if (outbox) return socket.connect()
    const storage = localStore()
    outbox = new Outbox({
      ...(storage ? { storage } : {}), scope: `parlor.out.${me.value}.`,
      send: async (p) => (await socket.request('post', {
        conversation: p.lane, clientId: p.clientId, kind: p.kind, ...(p.text ? { text: p.text } : {}), ...(p.file ? { file: p.file.id } : {}),
      })).message,
      sent: (_, m) => onSent(m),
      changed: () => { pending.value = outbox!.items },
    })
    pending.value = outbox.items
    socket.on('link', (l) => { link.value = l })
    socket.on('hello', (e) => void onHello(e))
    follow('message', onMessage)
    follow('conversation', onConversation)
    follow('typing', onTyping)
    follow('read', onRead)
    follow('counts', (c) => { counts.value = c })
    follow('agent', (a) => {
      agents.set(a.agent, a)
      if (a.agent === me.value) session.status = a
    })
    follow('visitor', ({ visitor, page }) => {
      for (const c of byId.values()) if (c.visitor === visitor.id) c.visitorName = visitor.name
      for (const [id, card] of cards) if (card.visitor.id === visitor.id) patchCard(id, { visitor, ...(page ? { visits: withPage(card.visits, page) } : {}) })
    })
    socket.connect()
  }
  return {
    me, byId, views, threads, typing, isTyping, agents, counts, link, wasOnline, current, pending,
    upsert, retag, place, loadView, fetchOne, openThread, loadOlder, reach, receive, recall, markRead, send, retry, discard, start,
  }
})
