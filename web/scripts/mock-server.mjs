// A development backend that speaks docs/realtime.md over invented data and serves the built applications.
// Nothing is kept: each start is the same world. Not part of the product.
//
//   node scripts/mock-server.mjs [--port 8090] [--conversations 5000] [--quiet]
import { createServer } from 'node:http'
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Server } from 'socket.io'
import { ask, history, PAGES, seed, TEAMS } from './mock/data.mjs'
import { desk as makeDesk } from './mock/desk.mjs'
import { visit as makeVisit } from './mock/visit.mjs'

const DIST = fileURLToPath(new URL('../dist/', import.meta.url))
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; media-src 'self' blob:; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'"
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.json': 'application/json' }
const now = () => new Date().toISOString()

class Refusal extends Error {
  constructor(status, code, reason) {
    super(reason)
    this.body = { status, code, reason, detail: reason, message: reason }
  }
}
const missing = () => new Refusal(404, 'not_found', 'not_found')

/** The invented company: state and the few rules that the screens need. */
export class World {
  constructor(count) {
    Object.assign(this, seed(count))
    this.messages = new Map()
    this.files = new Map([
      ['f0', { type: 'image/svg+xml', data: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 420"><rect width="640" height="420" fill="#e9e2d6"/><path d="M250 120h140l50 110H200z" fill="#f5b942"/><rect x="312" y="230" width="16" height="110" fill="#5b5b66"/><rect x="250" y="336" width="140" height="22" rx="8" fill="#45454f"/></svg>') }],
      ['f1', { type: 'application/pdf', data: Buffer.from('%PDF-1.4\n%%EOF') }],
    ])
    this.pages = new Map()
    this.sessions = new Map()
    this.tokens = new Map()
    this.serial = 0
  }
  log(id) {
    const c = this.conversations.get(id)
    if (!c) throw missing()
    if (!this.messages.has(id)) this.messages.set(id, history(c, this.agents))
    return this.messages.get(id)
  }
  list(view, me) {
    const all = [...this.conversations.values()]
    const by = {
      mine: (c) => c.status === 'open' && c.agent === me, queue: (c) => c.status === 'queued',
      all: (c) => c.status !== 'closed', closed: (c) => c.status === 'closed',
    }[view]
    const order = view === 'queue' ? (a, b) => (a.queuedAt < b.queuedAt ? -1 : 1) : (a, b) => (a.lastAt > b.lastAt ? -1 : 1)
    return all.filter(by).sort(order)
  }
  counts(me) {
    const mine = this.list('mine', me)
    return { mine: mine.length, queue: this.list('queue', me).length, all: this.list('all', me).length, unread: mine.reduce((n, c) => n + c.unread, 0) }
  }
  append(c, from, body) {
    const log = this.log(c.id)
    const twin = body.clientId && log.find((m) => m.clientId === body.clientId)
    if (twin) return { message: twin, repeated: true }
    if (c.status === 'closed' && body.kind !== 'event') throw new Refusal(409, 'conflict', 'conversation_closed')
    const message = { id: 'm' + ++this.serial, conversation: c.id, seq: c.lastSeq + 1, prev: c.visibleSeq, from, at: now(), ...body }
    log.push(message)
    c.lastSeq++
    c.version++
    if (body.kind !== 'note') c.visibleSeq = c.lastSeq
    if (body.kind === 'event') return { message }
    c.lastAt = message.at
    c.lastKind = body.kind
    c.lastText = body.text ?? body.file?.name ?? ''
    c.lastFrom = from.kind
    if (from.kind === 'visitor') {
      c.unread++
      c.waitingSince ??= message.at
      c.visitorRead = c.lastSeq
    } else if (body.kind !== 'note') {
      c.unread = 0
      c.agentRead = c.lastSeq
      delete c.waitingSince
    }
    return { message }
  }
  place(c) {
    return this.list('queue').indexOf(c) + 1
  }
  state(c) {
    const s = { conversation: c.id, status: c.status, lastSeq: c.visibleSeq, visitorRead: c.visitorRead, agentRead: c.agentRead }
    if (c.agentName) s.agent = { name: c.agentName }
    if (c.endBy) s.endBy = c.endBy
    return c.status === 'queued' ? { ...s, place: this.place(c), ahead: this.place(c) - 1 } : s
  }
  file(data, name, type) {
    const id = 'f' + ++this.serial + 'x'
    this.files.set(id, { data, type })
    return { id, name, type, size: data.length, url: '/files/' + id, ...(type.startsWith('image/') ? { thumb: '/files/' + id, width: 480, height: 320 } : {}) }
  }
}

/** Starts the backend; resolves with its address and a close function. */
export async function start({ port = 0, conversations = 5000 } = {}) {
  const world = new World(conversations)
  const { agents, visitors } = world
  const status = (id) => { const { email: _, ...s } = agents.find((a) => a.agent === id) ?? {}; return s }
  const http = createServer((req, res) => void handle(req, res))
  const io = new Server(http, { path: '/socket.io/', pingInterval: 10_000, pingTimeout: 8_000, maxHttpBufferSize: 1e6 })
  const agentNs = io.of('/parlor/agent')
  const visitorNs = io.of('/parlor/visitor')

  const tellAgents = (event, arg) => agentNs.emit(event, arg)
  const tellCounts = () => { for (const s of agentNs.sockets.values()) s.emit('counts', world.counts(s.data.me)) }
  const tellVisitor = (c, event, arg) => visitorNs.to(c.visitor).emit(event, arg)
  function announce(c, r) {
    if (r.repeated) return r.message
    tellAgents('message', { message: r.message, conversation: c })
    if (r.message.kind !== 'note') tellVisitor(c, 'message', r.message)
    tellCounts()
    return r.message
  }
  function changed(c, cause, line, before) {
    c.version++
    if (line) announce(c, world.append(c, { kind: 'system' }, { kind: 'event', line: { name: cause === 'started' ? 'queued' : cause, ...line } }))
    tellAgents('conversation', { conversation: c, before, cause })
    tellVisitor(c, 'state', world.state(c))
    for (const q of world.list('queue')) if (q !== c) tellVisitor(q, 'state', world.state(q))
    tellCounts()
  }
  function give(c, id, rule, cause = 'assigned', by) {
    const before = { status: c.status, agent: c.agent }
    const a = agents.find((x) => x.agent === id)
    Object.assign(c, { status: 'open', agent: id, agentName: a.name, assignedAt: now() })
    a.open++
    changed(c, cause, { agent: id, agentName: a.name, rule, by }, before)
    tellAgents('agent', status(id))
  }
  function begin(v, page) {
    const id = 'n' + ++world.serial
    const c = {
      id, inbox: 'main', channel: 'web', visitor: v.id, visitorName: v.name, status: 'queued', priority: 0, version: 1, pageUrl: page?.url, pageTitle: page?.title,
      createdAt: now(), queuedAt: now(), lastSeq: 0, visibleSeq: 0, lastAt: now(), lastText: '', agentRead: 0, visitorRead: 0, unread: 0,
    }
    world.conversations.set(id, c)
    world.messages.set(id, [])
    const free = agents.find((a) => a.agent === 'a1' && a.state === 'ready' && a.connected)
    if (free) give(c, 'a1', 'rotation')
    else changed(c, 'started', {})
    return c
  }
  const running = (v) => [...world.conversations.values()].find((c) => c.visitor === v.id && c.status !== 'closed')
  function closeIt(c, endBy) {
    if (c.status === 'closed') throw new Refusal(409, 'conflict', 'conversation_closed')
    const before = { status: c.status, agent: c.agent }
    world.append(c, { kind: 'system' }, { kind: 'event', line: { name: 'closed', by: endBy } })
    Object.assign(c, { status: 'closed', closedAt: now(), endBy, unread: 0 })
    delete c.waitingSince
    const m = world.log(c.id).at(-1)
    announce(c, { message: m })
    changed(c, 'closed', null, before)
  }
  function hit(v, page) {
    const list = world.pages.get(v.id) ?? []
    if (list[0]) list[0].until = now()
    const p = { id: 'p' + ++world.serial, url: page.url, title: page.title, at: now(), until: now() }
    world.pages.set(v.id, [p, ...list])
    v.lastSeen = now()
    tellAgents('visitor', { visitor: v, page: p })
    const c = running(v)
    if (c) Object.assign(c, { pageUrl: p.url, pageTitle: p.title })
  }
  function trail(v) {
    if (!world.pages.has(v.id)) {
      const t = Date.parse(v.lastSeen)
      world.pages.set(v.id, PAGES.map(([url, title], i) => ({ id: v.id + 'p' + i, url: 'http://127.0.0.1' + url, title, at: new Date(t - (4 - i) * 70_000).toISOString(), until: new Date(t - (3 - i) * 70_000 + (i === 3 ? 60_000 : 0)).toISOString() })).reverse())
    }
    return world.pages.get(v.id)
  }

  const tell = (event, arg, to, where = () => true) => { for (const s of agentNs.sockets.values()) if ((!to || to.includes(s.data.me)) && where(s)) s.emit(event, arg) }
  function visits(v) {
    const pages = trail(v).slice(0, 50)
    return pages.length ? [{ since: pages.at(-1).at, until: pages[0].until, pages: pages.map((p) => ({ ...p, dwellMs: Math.max(0, Date.parse(p.until) - Date.parse(p.at)) })) }] : []
  }
  const desk = makeDesk({
    world, agents, announce, give, tell, refuse: (...a) => new Refusal(...a),
    sockets: () => [...agentNs.sockets.values()], online: (id) => [...agentNs.sockets.values()].some((s) => s.data.me === id),
  })
  const visit = makeVisit({ world, tell, refuse: (...a) => new Refusal(...a) })
  const guard = (fn) => async (arg, ack) => {
    if (typeof arg === 'function') [arg, ack] = [undefined, arg]
    try {
      const r = await fn(arg ?? {})
      ack?.(r ?? {})
    } catch (e) {
      if (!e.body) console.error(e)
      ack?.({ error: e.body ?? { code: 'internal', reason: 'internal', message: String(e) } })
    }
  }
  const fileOf = (id) => (id ? { file: world.lastFiles.get(id) } : {})
  world.lastFiles = new Map()

  agentNs.use((s, next) => {
    const me = world.sessions.get(cookie(s.handshake.headers.cookie))
    if (!me) return next(Object.assign(new Error('unauthenticated'), { data: { code: 'unauthenticated', reason: 'unauthenticated' } }))
    s.data.me = me
    next()
  })
  agentNs.on('connection', (s) => {
    const me = agents.find((a) => a.agent === s.data.me)
    me.connected = true
    me.open = world.list('mine', me.agent).length
    s.emit('hello', { status: status(me.agent), counts: world.counts(me.agent), now: now() })
    const get = (id) => { const c = world.conversations.get(id); if (!c) throw missing(); return c }
    s.on('post', guard(({ conversation, clientId, kind, text, file }) => {
      const c = get(conversation)
      if (text === '/fail') throw new Refusal(422, 'invalid', 'text_refused')
      const posted = world.append(c, { kind: 'agent', id: me.agent, name: me.name }, { clientId, kind, ...(text ? { text } : {}), ...fileOf(file) })
      if (kind === 'note' && !posted.repeated) desk.mentioned(posted.message, c)
      return { message: announce(c, posted) }
    }))
    s.on('read', guard(({ conversation, seq }) => {
      const c = get(conversation)
      Object.assign(c, { agentRead: Math.max(c.agentRead, seq), unread: 0 })
      tellAgents('read', { conversation, side: 'agent', seq, unread: 0 })
      tellVisitor(c, 'read', { seq })
      tellCounts()
    }))
    s.on('typing', ({ conversation, on }) => tellVisitor(get(conversation), 'typing', { name: me.name, on }))
    desk.listen(s, me, guard)
    visit.listen(s, guard)
    s.on('resume', guard(({ conversations: have }) => {
      const messages = Object.entries(have).flatMap(([id, seq]) => (world.conversations.has(id) ? world.log(id).filter((m) => m.seq > seq) : []))
      return { conversations: Object.keys(have).map((id) => world.conversations.get(id)).filter(Boolean), messages }
    }))
    s.on('disconnect', () => { me.connected = [...agentNs.sockets.values()].some((x) => x.data.me === me.agent) })
  })

  visitorNs.use((s, next) => {
    const v = world.tokens.get(s.handshake.auth.token)
    if (!v) return next(Object.assign(new Error('unauthenticated'), { data: { code: 'unauthenticated', reason: 'unauthenticated' } }))
    s.data.v = v
    next()
  })
  visitorNs.on('connection', (s) => {
    const v = s.data.v
    s.join(v.id)
    s.on('start', guard(({ page }) => world.state(running(v) ?? begin(v, page))))
    s.on('post', guard(({ clientId, kind, text, file }) => {
      const c = running(v) ?? begin(v, world.pages.get(v.id)?.[0])
      const m = announce(c, world.append(c, { kind: 'visitor', id: v.id, name: v.name }, { clientId, kind, ...(text ? { text } : {}), ...fileOf(file) }))
      return { message: m, state: world.state(c) }
    }))
    s.on('resume', guard(({ conversation, seq }) => {
      const c = conversation ? world.conversations.get(conversation) : running(v)
      if (!c && !conversation) return { messages: [] }
      if (!c || c.visitor !== v.id) return { reload: true }
      return { messages: world.log(c.id).filter((m) => m.seq > seq && m.kind !== 'note'), state: world.state(c) }
    }))
    s.on('typing', ({ text }) => { const c = running(v); if (c) tellAgents('typing', { conversation: c.id, from: 'visitor', name: v.name, text, on: text !== '' }) })
    s.on('read', guard(({ seq }) => {
      const c = running(v)
      if (!c) return
      c.visitorRead = Math.max(c.visitorRead, seq)
      tellAgents('read', { conversation: c.id, side: 'visitor', seq, unread: c.unread })
    }))
    s.on('page', guard((page) => hit(v, page)))
    s.on('close', guard(() => { const c = running(v); if (!c) throw missing(); closeIt(c, 'user'); return world.state(c) }))
  })

  const routes = [
    ['POST', '/session', ({ body, res }) => {
      const a = agents.find((x) => x.email === body.login)
      if (!a || body.password !== 'demo-parlor') throw new Refusal(401, 'unauthenticated', 'wrong_login')
      const sid = randomUUID()
      world.sessions.set(sid, a.agent)
      res.setHeader('Set-Cookie', `parlor_session=${sid}; Path=/; HttpOnly; SameSite=Lax`)
      return sessionOf(a)
    }, 'open'],
    ['GET', '/session', ({ me }) => sessionOf(me)],
    ['DELETE', '/session', ({ req }) => void world.sessions.delete(cookie(req.headers.cookie))],
    ['PUT', '/me/state', ({ me, body }) => {
      Object.assign(me, { state: body.state, reason: body.reason, since: now() })
      tellAgents('agent', status(me.agent))
      return status(me.agent)
    }],
    ['GET', '/agents', () => ({ items: agents.map((a) => status(a.agent)) })],
    ['GET', '/teams', () => ({ items: TEAMS.map((t) => ({ ...t, waiting: world.list('queue').filter((c) => c.team === t.id).length, expectedWait: 95, ready: agents.filter((a) => a.teams.includes(t.id) && a.state === 'ready').length })) })],
    ['GET', '/conversations', ({ me, q }) => {
      let list = q.get('visitor') ? [...world.conversations.values()].filter((c) => c.visitor === q.get('visitor')) : world.list(q.get('view') ?? 'mine', me.agent)
      const from = q.get('after') ? list.findIndex((c) => c.id === q.get('after')) + 1 : 0
      const limit = Number(q.get('limit') ?? 50)
      const items = list.slice(from, from + limit)
      return { items, ...(from + limit < list.length ? { next: items.at(-1).id } : {}) }
    }],
    ['GET', '/windows', () => ({ windows: [], buttons: [] })],
    ['GET', '/conversations/counts', ({ me }) => world.counts(me.agent)],
    ['GET', '/conversations/:id', ({ c }) => c],
    ['GET', '/conversations/:id/messages', ({ c, q }) => ({ items: page(world.log(c.id), q) })],
    ['POST', '/conversations/:id/read', ({ c, body }) => Object.assign(c, { agentRead: body.seq, unread: 0 })],
    ['POST', '/conversations/:id/claim', ({ c, me }) => { if (c.status !== 'queued') throw new Refusal(409, 'conflict', 'already_assigned'); give(c, me.agent, 'picked'); return c }],
    ['POST', '/conversations/:id/transfer', ({ c, body, me }) => {
      if (body.agent && c.status === 'open' && desk.ask(c, me, body)) return c
      if (body.note) announce(c, world.append(c, { kind: 'agent', id: me.agent, name: me.name }, { kind: 'note', text: body.note }))
      if (body.agent) give(c, body.agent, 'transfer', 'transferred', me.name)
      else {
        const before = { status: c.status, agent: c.agent }
        Object.assign(c, { status: 'queued', team: body.team, queuedAt: now(), waitingSince: now() })
        delete c.agent
        delete c.agentName
        changed(c, 'queued', { team: body.team, teamName: TEAMS.find((t) => t.id === body.team)?.name, by: me.name }, before)
      }
      return c
    }],
    ['POST', '/conversations/:id/close', ({ c }) => { closeIt(c, 'agent'); return c }],
    ['GET', '/conversations/:id/routing', ({ c }) => ({ place: c.status === 'queued' ? world.place(c) : 0, decisions: [desk.decision(c)] })],
    ...desk.routes,
    ...visit.routes,
    ['GET', '/visitors/:id', ({ v }) => v],
    ['PATCH', '/visitors/:id', ({ v, body }) => {
      Object.assign(v, body)
      for (const c of world.conversations.values()) if (c.visitor === v.id && body.name) c.visitorName = body.name
      tellAgents('visitor', { visitor: v })
      return v
    }],
    ['GET', '/visitors/:id/pages', ({ v, q }) => ({ items: trail(v).slice(0, Number(q.get('limit') ?? 50)) })],
    ['GET', '/conversations/:id/card', ({ c }) => ({
      visitor: world.visitors.get(c.visitor), visits: visits(world.visitors.get(c.visitor)), visitorTags: desk.tagsOf(c.visitor), ...visit.card(c),
      earlier: [...world.conversations.values()].filter((x) => x.visitor === c.visitor && x.id !== c.id).slice(0, 20),
    })],
    ['GET', '/visitors/:id/trail', ({ v }) => ({ visits: visits(v) })],
    ['GET', '/search', ({ q }) => {
      const items = []
      for (const c of [...world.conversations.values()].sort((a, b) => (a.lastAt > b.lastAt ? -1 : 1)).slice(0, 60)) {
        for (const m of world.log(c.id)) if (m.text?.toLowerCase().includes(q.get('q').toLowerCase()) && items.length < 30) items.push({ message: m, visitorName: c.visitorName, status: c.status })
      }
      return { items }
    }],
    ['POST', '/files', keep],
    ['POST', '/visitor/session', ({ body }) => {
      let token = body.token
      let v = world.tokens.get(token)
      if (!v) {
        token = randomUUID()
        v = { id: 'w' + ++world.serial, inbox: 'main', name: '访客 ' + (1000 + world.serial), locale: body.locale, ip: '127.0.0.1', os: 'Linux', browser: 'Chromium', visits: 1, firstSeen: now(), lastSeen: now() }
        visitors.set(v.id, v)
        world.tokens.set(token, v)
      }
      if (body.page && world.pages.get(v.id)?.[0]?.url !== body.page.url) hit(v, body.page)
      const c = running(v)
      return {
        token, visitor: { id: v.id, name: v.name }, inbox: { id: 'main', name: '极光灯饰', color: '#2563eb', greeting: GREETING[(body.locale ?? 'en').slice(0, 2)] ?? GREETING.en, typingPreview: true },
        agentsOnline: agents.filter((a) => a.connected && a.state === 'ready').length, maxFile: 10_000_000, fileTypes: ['image/*', 'application/pdf', 'text/plain'], ...(c ? { conversation: world.state(c) } : {}),
      }
    }, 'open'],
    ['POST', '/visitor/page', ({ body }) => { const v = world.tokens.get(body.token); if (v) hit(v, body) }, 'open'],
    ['GET', '/visitor/messages', ({ v, q }) => {
      const c = q.get('conversation') ? world.conversations.get(q.get('conversation')) : running(v)
      return c && c.visitor === v.id ? { conversation: c.id, items: page(world.log(c.id).filter((m) => m.kind !== 'note'), q) } : { items: [] }
    }, 'visitor'],
    ['GET', '/visitor/history', ({ v }) => ({ items: [...world.conversations.values()].filter((c) => c.visitor === v.id && c.status === 'closed').map((c) => ({ id: c.id, closedAt: c.closedAt, lastText: c.lastText, lastAt: c.lastAt })).reverse() }), 'visitor'],
    ['POST', '/visitor/files', keep, 'visitor'],
    ['POST', '/mock/visitor', ({ body }) => act(body), 'open'],
  ]
  /** Lets a seeded visitor type or write, for demonstrations and tests. */
  function act({ conversation, typing, text, drop }) {
    if (drop) return void io.disconnectSockets(true)
    const c = world.conversations.get(conversation)
    if (typing !== undefined) tellAgents('typing', { conversation, from: 'visitor', name: c.visitorName, text: typing, on: typing !== '' })
    if (text) announce(c, world.append(c, { kind: 'visitor', id: c.visitor, name: c.visitorName }, { kind: 'text', text: text === true ? ask(c.visitorName, ++world.serial) : text }))
  }
  function keep({ raw, type }) {
    const boundary = '--' + /boundary=(.+)$/.exec(type)[1]
    const text = raw.toString('latin1')
    const head = text.indexOf('\r\n\r\n')
    const name = Buffer.from(/filename="(.*?)"/.exec(text.slice(0, head))?.[1] ?? 'file', 'latin1').toString()
    const mime = /Content-Type: (.+)/.exec(text.slice(0, head))?.[1]?.trim() ?? 'application/octet-stream'
    const f = world.file(raw.subarray(head + 4, text.lastIndexOf('\r\n' + boundary)), name, mime)
    world.lastFiles.set(f.id, f)
    return f
  }
  const sessionOf = (a) => ({ agent: { id: a.agent, name: a.name, email: a.email, role: 'agent', teams: a.teams }, tenant: { id: 'main', name: '极光灯饰' }, permissions: ['conversation.reply', 'visitor.block', 'content.manage', 'visitor.invite'], csrf: 'mock-csrf', status: status(a.agent) })
  const page = (log, q) => {
    const limit = Number(q.get('limit') ?? 50)
    if (q.get('before')) return log.filter((m) => m.seq < +q.get('before')).slice(-limit)
    if (q.get('after')) return log.filter((m) => m.seq > +q.get('after')).slice(0, limit)
    return log.slice(-limit)
  }

  async function handle(req, res) {
    const url = new URL(req.url, 'http://x')
    if (url.pathname.startsWith('/socket.io/')) return
    if (!url.pathname.startsWith('/api/parlor/v1')) return serve(req, res, url, world)
    try {
      const chunks = []
      for await (const c of req) chunks.push(c)
      const raw = Buffer.concat(chunks)
      const path = url.pathname.slice('/api/parlor/v1'.length)
      const type = req.headers['content-type'] ?? ''
      for (const [method, pattern, fn, access] of routes) {
        const hit = method === req.method && new RegExp('^' + pattern.replace(/:\w+/g, '([^/]+)') + '$').exec(path)
        if (!hit) continue
        const ctx = { id: hit[1] && decodeURIComponent(hit[1]), seq: hit[2], req, res, raw, type, q: url.searchParams, body: raw.length && !type.startsWith('multipart') ? JSON.parse(raw) : {} }
        if (access === 'visitor') {
          ctx.v = world.tokens.get((req.headers.authorization ?? '').slice(7))
          if (!ctx.v) throw new Refusal(401, 'unauthenticated', 'unauthenticated')
        } else if (!access) {
          ctx.me = agents.find((a) => a.agent === world.sessions.get(cookie(req.headers.cookie)))
          if (!ctx.me) throw new Refusal(401, 'unauthenticated', 'unauthenticated')
          if (req.method !== 'GET' && req.headers['x-csrf-token'] !== 'mock-csrf') throw new Refusal(403, 'forbidden', 'csrf')
          if (hit[1] && pattern.startsWith('/conv')) { ctx.c = world.conversations.get(hit[1]); if (!ctx.c) throw missing() }
          if (hit[1] && pattern.startsWith('/vis')) { ctx.v = visitors.get(hit[1]); if (!ctx.v) throw missing() }
        }
        const out = fn(ctx)
        res.writeHead(out === undefined ? 204 : 200, { 'Content-Type': 'application/json' })
        return res.end(out === undefined ? undefined : JSON.stringify(out))
      }
      throw missing()
    } catch (e) {
      const body = e.body ?? { status: 500, code: 'internal', reason: 'internal', detail: String(e) }
      if (!e.body) console.error(e)
      res.writeHead(body.status, { 'Content-Type': 'application/problem+json' })
      res.end(JSON.stringify(body))
    }
  }
  await new Promise((done) => http.listen(port, '127.0.0.1', done))
  const timers = []
  return {
    url: `http://127.0.0.1:${http.address().port}`, world, act, io,
    /** Lets visitors type and write from time to time, so that the screens live. */
    liven() {
      let n = 0
      timers.push(setInterval(() => {
        const c = world.conversations.get('c' + (n++ % 6))
        const text = ask(c.visitorName, n)
        act({ conversation: c.id, typing: text.slice(0, 6) })
        timers.push(setTimeout(() => act({ conversation: c.id, typing: text }), 900), setTimeout(() => { act({ conversation: c.id, typing: '' }); act({ conversation: c.id, text }) }, 3_000))
      }, 6_000))
    },
    close: () => { timers.forEach(clearInterval); io.close(); http.closeAllConnections() },
  }
}

const GREETING = { zh: '您好，欢迎光临极光灯饰！想看哪款灯，或者订单有什么问题，都可以问我们。', en: 'Hello and welcome to Aurora Lighting! Ask us about a lamp or about your order.', pt: 'Olá, boas-vindas à Aurora Lighting! Pergunte sobre uma luminária ou sobre o seu pedido.' }
const cookie = (h = '') => /parlor_session=([^;]+)/.exec(h)?.[1]

function serve(req, res, url, world) {
  const file = /^\/files\/(.+)$/.exec(url.pathname)
  if (file && world.files.has(file[1])) {
    const f = world.files.get(file[1])
    res.writeHead(200, { 'Content-Type': f.type, 'X-Content-Type-Options': 'nosniff' })
    return res.end(f.data)
  }
  const loader = /^\/w\/(\w+)\.js$/.exec(url.pathname)
  if (loader) {
    const settings = { inbox: loader[1], origin: `http://${req.headers.host}`, name: '极光灯饰', color: '#2563eb', css: 'button{background:#2563eb;color:#fff}', greeting: GREETING.zh, online: true }
    res.writeHead(200, { 'Content-Type': 'text/javascript' })
    return res.end(`window.__parlor=${JSON.stringify(settings)};\n` + readFileSync(join(DIST, 'widget/loader.js')))
  }
  let path = normalize(url.pathname).replace(/^\/w\/panel/, '/widget/panel')
  if (path === '/') path = '/demo/index.html'
  let at = join(DIST, path)
  if (!existsSync(at) || statSync(at).isDirectory()) at = existsSync(join(at, 'index.html')) ? join(at, 'index.html') : path.startsWith('/console') && !extname(path) ? join(DIST, 'console/index.html') : ''
  if (!at) { res.writeHead(404); return res.end('not found') }
  res.writeHead(200, { 'Content-Type': TYPES[extname(at)] ?? 'application/octet-stream', 'Content-Security-Policy': CSP, 'Cache-Control': 'no-cache' })
  res.end(readFileSync(at))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "/").href) {
  const arg = (name, fallback) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : fallback)
  const s = await start({ port: Number(arg('--port', 8090)), conversations: Number(arg('--conversations', 5000)) })
  if (!process.argv.includes('--quiet')) s.liven()
  console.log(`${s.url}/console/  lin@demo.parlor / demo-parlor\n${s.url}/demo/`)
}
