// The agent's desk of the development backend: transfers with consent, recall, drafts, mentions, canned replies,
// pictures, tags, blacklist, colleagues' chat, reasons of the routing. Shaped as the server's own document says.
import { randomUUID } from 'node:crypto'
import { CANNED, TEAMS } from './data.mjs'

const now = () => new Date().toISOString()
const inSeconds = (s) => new Date(Date.now() + s * 1_000).toISOString()

/** Adds the routes of the desk. `kit` is what mock-server.mjs shares. */
export function desk(kit) {
  const { world, agents, refuse, announce, tell, give } = kit
  const handovers = new Map()
  const drafts = new Map()
  const mentions = []
  const blocks = []
  const remarks = []
  const groups = [{ id: 'g1', name: '客服一组', owner: 'a1', members: ['a1', 'a2', 'a4'], createdAt: now() }]
  const tags = [['t1', 'conversation', '退款', '#e5484d'], ['t2', 'conversation', '物流', '#3b82f6'], ['t3', 'conversation', '售后', '#16a34a'], ['t4', 'visitor', 'VIP', '#f59e0b'], ['t5', 'visitor', '老客户', '#8b5cf6']]
    .map(([id, kind, name, color], sort) => ({ id, kind, name, color, sort, createdAt: now() }))
  const visitorTags = new Map([['v0', ['t4']]])
  const categories = [{ id: 'k1', kind: 'reply', scope: 'company', name: '售后', sort: 0, createdAt: now() }, { id: 'k2', kind: 'reply', scope: 'company', parent: 'k1', name: '物流', sort: 1, createdAt: now() }]
  const entries = Object.entries(CANNED).flatMap(([lang, list]) => list.map(([shortcut, title, text], i) => ({
    id: `e${lang}${i}`, kind: 'reply', scope: i === 5 ? 'personal' : i === 4 ? 'team' : 'company', ...(i === 4 ? { owner: 't1' } : i === 5 ? { owner: 'a1' } : {}), ...(i === 1 ? { category: 'k1' } : i === 2 ? { category: 'k2' } : {}),
    shortcut, title, text, language: { zh: 'zh-CN', en: 'en', pt: 'pt-BR' }[lang], uses: 40 - i, mine: 6 - i, editable: true, createdAt: now(), updatedAt: now(),
  })))
  for (const [i, title] of ['台灯尺寸图', '保修卡', '门店地址'].entries()) {
    entries.push({ id: 'pic' + i, kind: 'picture', scope: 'company', shortcut: '', title, text: '', uses: 3, mine: 1, editable: true, createdAt: now(), updatedAt: now(), file: { id: 'f0', name: title + '.svg', type: 'image/svg+xml', size: 18_231, width: 640, height: 420, url: '/files/f0', thumb: '/files/f0' } })
  }
  for (const [i, id] of ['c1', 'c3'].entries()) {
    mentions.push({ agent: 'a1', message: 'mm' + i, conversation: id, seq: 5, visitorName: world.conversations.get(id)?.visitorName ?? '', from: { kind: 'agent', id: 'a2', name: '陈佳' }, text: '@林晓 这位客户的补发你跟进一下', at: now() })
  }
  remarks.push({ id: 'r1', from: 'a2', fromName: '陈佳', to: 'a1', text: '仓库说明天能补发。', at: now() }, { id: 'r2', from: 'a4', fromName: 'Grace Whitfield', group: 'g1', text: 'Standup in five minutes.', at: now() })
  const readAt = new Map()
  const fileOf = (id) => (id ? { file: world.lastFiles.get(id) } : {})
  const one = (list, id) => { const x = list.find((y) => y.id === id); if (!x) throw refuse(404, 'not_found', 'not_found'); return x }
  const unreadMentions = (me) => mentions.filter((m) => m.agent === me && !m.readAt).length
  const decision = (c) => ({
    ...(c.agent ? { agent: c.agent, name: c.agentName, rule: 'last_served' } : { rule: 'rotation' }), team: c.team, candidates: c.agent ? 2 : 0, at: c.assignedAt ?? c.queuedAt,
    removed: [{ agent: 'a4', name: 'Grace Whitfield', filter: 'busy' }, { agent: 'a5', name: '王博', filter: 'away' }, { agent: 'a2', name: '陈佳', filter: 'full' }], removedMore: 3,
    ...(c.agent ? { passed: [{ agent: c.agent, name: c.agentName, open: 2, cap: 8 }, { agent: 'a3', name: 'Marcos Lima', open: 3, cap: 6 }] } : {}),
  })

  function move(h, state) {
    if (state !== 'offered') { clearTimeout(h.timer); handovers.delete(h.conversation) }
    const { timer: _, ...shown } = h
    tell('handover', { ...shown, state }, [h.from, h.to])
  }
  function ask(c, me, body) {
    const to = agents.find((a) => a.agent === body.agent)
    if (!to.connected || to.state !== 'ready' || !kit.online(to.agent)) return false
    const h = { conversation: c.id, from: c.agent, to: to.agent, by: me.name, at: now(), expires: inSeconds(30), ...(body.note ? { note: body.note } : {}) }
    h.timer = setTimeout(() => move(h, 'expired'), 30_000).unref()
    handovers.set(c.id, h)
    move(h, 'offered')
    return true
  }
  const pending = (c) => { const h = handovers.get(c.id); if (!h) throw refuse(404, 'not_found', 'handover_not_found'); return h }
  function recall(c, seq, me) {
    const log = world.log(c.id)
    const m = log.find((x) => x.seq === seq)
    if (!m) throw refuse(404, 'not_found', 'message_not_found')
    if (!m.recalled) {
      delete m.text
      delete m.file
      m.recalled = { by: { kind: 'agent', id: me.agent, name: me.name }, at: now() }
      announce(c, world.append(c, { kind: 'system' }, { kind: 'event', line: { name: 'recalled', seq } }))
      tell('recalled', { message: m, conversation: c })
    }
    return m
  }
  function draft(me, d) {
    const saved = { ...d, at: now() }
    if (d.text) drafts.set(me.agent + d.conversation, saved)
    else drafts.delete(me.agent + d.conversation)
    tell('draft', saved, [me.agent])
    return saved
  }
  /** Notes name colleagues; called for each new note. */
  function mentioned(m, c) {
    for (const a of agents) {
      if (!m.text?.toLowerCase().includes('@' + a.name.toLowerCase())) continue
      m.mentions = [...(m.mentions ?? []), a.agent]
      const x = { message: m.id, conversation: c.id, seq: m.seq, visitorName: c.visitorName, from: m.from, text: m.text, at: m.at }
      mentions.unshift({ agent: a.agent, ...x })
      tell('mention', { agent: a.agent, mention: x, unread: unreadMentions(a.agent) }, [a.agent])
    }
  }

  // ---- colleagues
  const inChat = (r, me, peer) => (r.group ? r.group === peer : (r.from === me && r.to === peer) || (r.from === peer && r.to === me))
  const unreadIn = (me, peer) => remarks.filter((r) => r.from !== me && inChat(r, me, peer) && r.at > (readAt.get(me + peer) ?? '')).length
  function chatsOf(me) {
    const peers = [...new Set(remarks.filter((r) => (r.group ? one(groups, r.group).members.includes(me) : r.from === me || r.to === me)).map((r) => r.group ?? (r.from === me ? r.to : r.from)))]
    const items = peers.map((peer) => {
      const last = remarks.findLast((r) => inChat(r, me, peer))
      return { peer, ...(last.group ? { group: true } : {}), name: last.group ? one(groups, peer).name : agents.find((a) => a.agent === peer).name, unread: unreadIn(me, peer), lastAt: last.at, lastText: last.text, lastFrom: last.fromName }
    }).sort((a, b) => (a.lastAt < b.lastAt ? 1 : -1))
    return { items, unread: items.reduce((n, x) => n + x.unread, 0) }
  }
  function say(me, to, text) {
    const r = { id: randomUUID(), from: me.agent, fromName: me.name, ...to, text, at: now() }
    remarks.push(r)
    tell('colleague', r, r.group ? one(groups, r.group).members : [me.agent, r.to])
    return r
  }
  function seen(me, peer) {
    readAt.set(me.agent + peer, now())
    const unread = chatsOf(me.agent).unread
    tell('colleague-changed', { read: { peer, unread } }, [me.agent])
    return { peer, unread }
  }
  const lines = (me, peer) => ({ items: remarks.filter((r) => inChat(r, me.agent, peer)).reverse() })

  // ---- canned replies and pictures
  const shelf = (kind, path) => [
    ['GET', path, ({ q, req }) => {
      const lang = (req.headers['accept-language'] ?? 'en').slice(0, 2)
      const f = (q.get('q') ?? '').toLowerCase()
      return { items: entries.filter((e) => e.kind === kind && (q.get('scope') ? e.scope === q.get('scope') : !e.language || e.language.startsWith(lang)) && (!f || (e.title + e.shortcut + e.text).toLowerCase().includes(f))).sort((a, b) => b.mine - a.mine) }
    }],
    ['GET', path + '/categories', ({ q }) => ({ items: categories.filter((c) => c.kind === kind && (!q.get('scope') || c.scope === q.get('scope'))) })],
    ['POST', path + '/categories', ({ body }) => { const c = { id: randomUUID(), kind, sort: 0, createdAt: now(), ...body }; categories.push(c); return c }],
    ['PUT', path + '/categories/:id', ({ id, body }) => Object.assign(one(categories, id), body)],
    ['DELETE', path + '/categories/:id', ({ id }) => { categories.splice(categories.indexOf(one(categories, id)), 1); for (const e of entries) if (e.category === id) delete e.category }],
    ['POST', path, ({ body }) => { const e = { id: randomUUID(), kind, shortcut: '', text: '', uses: 0, mine: 0, editable: true, createdAt: now(), updatedAt: now(), ...body, ...fileOf(body.file) }; entries.push(e); tell('canned', {}); return e }],
    ['POST', path + '/:id/use', ({ id, body, me }) => {
      const e = one(entries, id)
      e.uses++
      e.mine++
      const c = world.conversations.get(body.conversation)
      return { text: e.text.replaceAll('{visitor}', c?.visitorName ?? '').replaceAll('{agent}', me.name), ...(e.file ? { file: e.file } : {}) }
    }],
    ['PUT', path + '/:id', ({ id, body }) => Object.assign(one(entries, id), body, { updatedAt: now() })],
    ['DELETE', path + '/:id', ({ id }) => void entries.splice(entries.indexOf(one(entries, id)), 1)],
  ]
  const routes = [
    ['GET', '/handovers', ({ me }) => ({ items: [...handovers.values()].filter((h) => h.from === me.agent || h.to === me.agent).map(({ timer: _, ...h }) => h) })],
    ['POST', '/conversations/:id/handover/accept', ({ c, me }) => { const h = pending(c); give(c, me.agent, 'transfer', 'transferred', h.by); move(h, 'accepted'); return c }],
    ['POST', '/conversations/:id/handover/decline', ({ c }) => void move(pending(c), 'declined')],
    ['POST', '/conversations/:id/handover/withdraw', ({ c }) => void move(pending(c), 'withdrawn')],
    ['POST', '/conversations/:id/messages/:seq/recall', ({ c, seq, me }) => recall(c, +seq, me)],
    ['GET', '/conversations/:id/why-not', ({ c, me }) => ({ agent: me.agent, name: me.name, decision: decision(c), ...(c.agent === me.agent ? { outcome: 'got', rule: 'last_served', chosen: c.agent, chosenName: c.agentName } : c.agent ? { outcome: 'passed_over', rule: 'least', chosen: c.agent, chosenName: c.agentName, self: { agent: me.agent, name: me.name, open: 5, cap: 8 }, other: { agent: c.agent, name: c.agentName, open: 2, cap: 6 } } : { outcome: 'filtered', filter: 'busy' }) })],
    ['GET', '/routing/queue', () => ({ items: world.list('queue').slice(0, 50).map((c, i) => ({ conversation: c, place: i + 1, decision: decision(c) })) })],
    ['GET', '/mentions', ({ me, q }) => ({ items: mentions.filter((m) => m.agent === me.agent && (!q.get('unread') || !m.readAt)), unread: unreadMentions(me.agent) })],
    ['POST', '/mentions/read', ({ me, body }) => {
      for (const m of mentions) if (m.agent === me.agent && (!body.conversation || m.conversation === body.conversation)) m.readAt = now()
      return { unread: unreadMentions(me.agent) }
    }],
    ['GET', '/drafts', ({ me }) => ({ items: [...drafts.entries()].filter(([k]) => k.startsWith(me.agent)).map(([, d]) => d) })],
    ['GET', '/tags', ({ q }) => ({ items: tags.filter((t) => !q.get('kind') || t.kind === q.get('kind')) })],
    ['POST', '/tags', ({ body }) => { const t = { id: randomUUID(), color: '#8a8f98', sort: tags.length, createdAt: now(), ...body }; tags.push(t); return t }],
    ['POST', '/conversations/:id/tags', ({ c, body, me }) => {
      c.tags = [...new Set([...(c.tags ?? []), ...(body.add ?? [])])].filter((t) => !(body.remove ?? []).includes(t))
      c.version++
      tell('tags', { conversation: c.id, tags: c.tags, by: me.name })
      return c
    }],
    ['GET', '/visitors/:id/tags', ({ v }) => ({ tags: visitorTags.get(v.id) ?? [] })],
    ['POST', '/visitors/:id/tags', ({ v, body }) => { visitorTags.set(v.id, [...new Set([...(visitorTags.get(v.id) ?? []), ...(body.add ?? [])])].filter((t) => !(body.remove ?? []).includes(t))); return { tags: visitorTags.get(v.id) } }],
    ['GET', '/blacklist', () => ({ items: blocks })],
    ['POST', '/blacklist', ({ body, me }) => { const b = { id: randomUUID(), agent: me.agent, agentName: me.name, createdAt: now(), ...body, ...(body.hours ? { until: inSeconds(body.hours * 3_600) } : {}) }; blocks.unshift(b); return b }],
    ['DELETE', '/blacklist/:id', ({ id }) => void blocks.splice(blocks.indexOf(one(blocks, id)), 1)],
    ['GET', '/colleagues/chats', ({ me }) => chatsOf(me.agent)],
    ['GET', '/colleagues/groups', ({ me }) => ({ items: groups.filter((g) => g.members.includes(me.agent)) })],
    ['POST', '/colleagues/groups', ({ me, body }) => { const g = { id: randomUUID(), name: body.name, owner: me.agent, members: [me.agent, ...body.members], createdAt: now() }; groups.push(g); tell('colleague-changed', { group: g }, g.members); return g }],
    ['PATCH', '/colleagues/groups/:id', ({ id, body }) => { const g = one(groups, id); Object.assign(g, { name: body.name ?? g.name, members: [...new Set([...g.members, ...(body.add ?? [])])].filter((x) => !(body.remove ?? []).includes(x)) }); tell('colleague-changed', { group: g }, g.members); return g }],
    ['GET', '/colleagues/agents/:id/messages', ({ me, id }) => lines(me, id)],
    ['GET', '/colleagues/groups/:id/messages', ({ me, id }) => lines(me, id)],
    ['POST', '/colleagues/agents/:id/read', ({ me, id }) => seen(me, id)],
    ['POST', '/colleagues/groups/:id/read', ({ me, id }) => seen(me, id)],
    ['POST', '/canned/import', ({ q }) => (q.get('dry') === 'true' ? { lines: 3, added: 2, changed: 1, categories: 1, faults: [], done: false } : { lines: 3, added: 2, changed: 1, categories: 1, faults: [], done: true })],
    ['GET', '/canned/export', () => entries.filter((e) => e.kind === 'reply').map((e) => [e.shortcut, e.title, e.text])],
    ...shelf('reply', '/canned'), ...shelf('picture', '/pictures'),
  ]
  /** Events of an agent's socket. `me` is the agent. */
  function listen(s, me, guard) {
    s.on('recall', guard(({ conversation, seq }) => ({ message: recall(world.conversations.get(conversation), seq, me) })))
    s.on('draft', guard((d) => draft(me, d)))
    s.on('colleague', guard(({ to, group, text }) => say(me, to ? { to } : { group }, text)))
    s.on('colleague-read', guard(({ peer }) => seen(me, peer)))
    const look = (conversation) => {
      const old = s.data.watched
      s.data.watched = conversation
      for (const id of new Set([old, conversation].filter(Boolean))) tell('viewers', { conversation: id, viewers: watching(id) }, undefined, (x) => x.data.watched === id && x !== s)
    }
    const watching = (id) => [...new Map(kit.sockets().filter((x) => x.data.watched === id).map((x) => [x.data.me, { agent: x.data.me, name: agents.find((a) => a.agent === x.data.me).name, typing: false, since: now() }])).values()]
    s.on('watch', guard(({ conversation }) => { look(conversation); return conversation ? { conversation: world.conversations.get(conversation), viewers: watching(conversation) } : {} }))
    s.on('disconnect', () => look(''))
  }
  return { routes, listen, ask, mentioned, decision, teams: TEAMS, tagsOf: (v) => visitorTags.get(v) ?? [] }
}
