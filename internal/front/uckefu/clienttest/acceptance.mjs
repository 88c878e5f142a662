// Acceptance scenarios of the UCKeFu contract, driven by original clients.
// usage: URL=… AGENT=… TEAM=… PASSWORD=… node acceptance.mjs "NAME"
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'

const require = createRequire(new URL('../../../socketio/clienttest/', import.meta.url))
const clients = { 1: require('sio1'), 2: require('sio2'), 4: require('sio4').io }
const { URL: base, AGENT, TEAM, PASSWORD } = process.env
const open = new Set()

// connect opens a namespace and records every event of interest.
function connect(version, nsp, { query, ...opts } = {}) {
  const q = query ? '?' + new URLSearchParams(query) : ''
  const options = { forceNew: true, reconnectionDelay: 100, ...opts }
  const socket = version === 4 ? clients[4](base + nsp, { ...options, query }) : clients[version](base + nsp + q, options)
  open.add(socket)
  const log = []
  const waits = []
  const note = (event) => (data) => {
    log.push({ event, data })
    for (const w of [...waits]) w()
  }
  for (const e of ['connect', 'disconnect', 'error', 'connect_error', 'status', 'message', 'new', 'end', 'transout', 'agentstatus', 'leave']) socket.on(e, note(e))
  return {
    socket,
    log,
    emit: (...a) => socket.emit(...a),
    close: () => socket.close(),
    of: (event) => log.filter((l) => l.event === event).map((l) => l.data),
    // until resolves with the first event that fits, past or future.
    until(event, fits = () => true, ms = 15000) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const hit = log.find((l) => l.event === event && fits(l.data))
          if (!hit) return
          clearTimeout(timer)
          waits.splice(waits.indexOf(look), 1)
          resolve(hit.data)
        }
        const timer = setTimeout(() => reject(new Error(`no ${event} came in time; got ${JSON.stringify(log).slice(0, 3000)}`)), ms)
        waits.push(look)
        look()
      })
    },
  }
}

const api = async (method, path, token, body) => {
  const r = await fetch(base + path, { method, headers: token ? { authorization: token } : {}, body })
  const text = await r.text()
  return { status: r.status, text, json: text.startsWith('{') ? JSON.parse(text) : undefined }
}

async function login(username = 'lin') {
  const r = await api('POST', '/tokens?' + new URLSearchParams({ username, password: PASSWORD }))
  assert.equal(r.status, 200, r.text)
  assert.match(r.text, /^[A-Za-z0-9]{40,}$/)
  return r.text
}

// agent opens a console socket and gets ready.
async function agent({ version = 2, gen = 'A', username = 'lin', ready = true, ...opts } = {}) {
  const token = await login(username)
  const query = { userid: AGENT, session: token, admin: 'false', ...(gen === 'A' ? { orgi: 'ukewo' } : {}) }
  const a = connect(version, '/im/agent', { query, ...opts })
  await a.until('connect')
  if (ready) {
    const r = await api('PUT', '/api/servicequene?status=ready', token)
    assert.equal(r.json.status, 'OK', r.text)
  }
  return Object.assign(a, { token })
}

// rest calls the native API with a token and expects success.
async function rest(method, path, token, body) {
  const r = await fetch(base + '/api/parlor/v1' + path, { method, headers: { authorization: 'Bearer ' + token, 'content-type': 'application/json' }, body: body && JSON.stringify(body) })
  const text = await r.text()
  assert.equal(r.status < 300, true, `${method} ${path}: ${r.status} ${text}`)
  return text ? JSON.parse(text) : undefined
}

// settings replaces those of the site; it returns the administrator's token.
async function settings(set) {
  const token = await login('bo')
  await rest('PUT', '/admin/inboxes/main', token, { name: 'main', settings: set })
  return token
}

async function untilTrue(fn) {
  for (const end = Date.now() + 15000; ; ) {
    const got = await fn()
    if (got) return got
    assert.ok(Date.now() < end, 'it never came')
  }
}

const page = (userid, extra = {}) => ({ userid, orgi: 'ukewo', session: 's-' + userid, appid: 'main', osname: 'Windows', browser: 'Chrome', nickname: '访客小明', ...extra })
const say = (v, message, extra = {}) => v.emit('message', { appid: 'main', type: 'message', orgi: 'ukewo', message, ...extra })
const chinese = '你好，世界 🌏🎉 “引号” ½'

// talk sends a line each way and checks both ends.
async function talk(v, a, userid) {
  say(v, chinese)
  const echo = await v.until('message', (m) => m.message === chinese)
  const got = await a.until('message', (m) => m.type === 'message' && m.message === chinese)
  assert.equal(got.userid, userid)
  a.emit('message', { appid: 'main', userid: AGENT, touser: userid, orgi: 'ukewo', message: '收到<br>' + '请稍候 👍' })
  const answer = await v.until('message', (m) => m.message === '收到<br>请稍候 👍')
  await a.until('message', (m) => m.message === '收到<br>请稍候 👍')
  return { echo, got, answer }
}

const scenarios = {
  async '01 1.4.8 polling only'() {
    const a = await agent({ version: 1, transports: ['polling'] })
    const v = connect(1, '/im/user', { query: page('u1'), transports: ['polling'] })
    const status = await v.until('status')
    assert.equal(status.messageType, 'message')
    const fresh = await a.until('new')
    assert.equal(fresh.nickname, '访客小明')
    await talk(v, a, 'u1')
    // Heartbeats: with pings every second and a limit of four, six seconds of
    // silence prove that both sides kept it alive.
    await new Promise((r) => setTimeout(r, 6000))
    assert.equal(v.of('disconnect').length, 0)
    say(v, '还在吗')
    await a.until('message', (m) => m.message === '还在吗')
  },

  async '02 1.4.8 upgrade'() {
    const a = await agent({ version: 1 })
    const v = connect(1, '/im/user', { query: page('u2') })
    await v.until('status')
    const n = 200
    for (let i = 0; i < n; i++) {
      say(v, `第${i}条`)
      if (i % 10 === 0) await new Promise((r) => setTimeout(r, 5))
    }
    await v.until('message', (m) => m.message === `第${n - 1}条`)
    await a.until('message', (m) => m.message === `第${n - 1}条`)
    const want = Array.from({ length: n }, (_, i) => `第${i}条`)
    assert.deepEqual(v.of('message').map((m) => m.message), want)
    assert.deepEqual(a.of('message').map((m) => m.message), want)
    assert.equal(v.socket.io.engine.transport.name, 'websocket')
  },

  async '03 2.5 query in connect'() {
    const a = await agent()
    const v = connect(2, '/im/user', { query: page('u3', { nickname: '李四', title: '首页', url: 'https://shop.example/首页' }) })
    await v.until('status')
    const fresh = await a.until('new')
    assert.equal(fresh.nickname, '李四')
    assert.equal(fresh.userid, 'u3')
    assert.equal(fresh.title, '首页')
    await talk(v, a, 'u3')
  },

  async '04 4.8 auth payload'() {
    const token = await login()
    const a = connect(4, '/im/agent', { auth: { token }, transports: ['websocket'] })
    await a.until('connect')
    await api('PUT', '/api/servicequene?status=ready', token)
    const v = connect(4, '/im/user', { query: page('u4') })
    await v.until('status')
    await a.until('new')
    await talk(v, a, 'u4')
  },

  async '05 generation A'() {
    const a = await agent()
    const v = connect(1, '/im/user', { query: page('u5') })
    const status = await v.until('status')
    assert.equal(status.messageType, 'message')
    assert.equal(status.calltype, 'in')
    assert.match(status.createtime, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
    assert.match(status.message, /<span id='agentno'>Lin<\/span>/)
    assert.equal(status.noagent, false)
    assert.match(status.agentserviceid, /^[0-9a-f]{32}$/)
    const { echo, got, answer } = await talk(v, a, 'u5')
    assert.equal(echo.calltype, 'in')
    assert.equal(echo.messageType, 'text')
    assert.equal(answer.calltype, 'out')
    assert.equal(answer.nickName, 'Lin')
    assert.match(answer.createtime, /^\d{4}-/)
    assert.equal(got.calltype, 'in')
    assert.equal(got.tokenum, 1)
    assert.equal(got.agentserviceid, status.agentserviceid)
    for (const leak of ['agentUser', 'ipaddr', 'user', 'channelMessage']) assert.equal(answer[leak], undefined)
    const list = await api('GET', '/api/agentuser', a.token)
    assert.equal(list.json.data[0].userid, 'u5')
    const his = await api('GET', '/api/chatmessage?serviceid=' + status.agentserviceid, a.token)
    assert.deepEqual(his.json.data.map((m) => m.calltype), ['in', 'out'])
    const report = await a.until('status', (s) => s.users === 1)
    assert.equal(report.agents, 1)
    assert.equal(report.inquene, 0)
  },

  async '06 generation B'() {
    const a = await agent()
    const v = connect(1, '/im/user')
    await v.until('connect')
    const hello = { ...page('u6'), user: 'u6', title: encodeURIComponent('商品 页'), osname: encodeURIComponent('Windows 11'), name: '王五', phone: '13800000000', email: 'w@example.com', memo: '退货' }
    v.emit('new', hello)
    const first = await v.until('status')
    const fresh = await a.until('new')
    assert.equal(fresh.title, '商品 页')
    assert.equal(fresh.osname, 'Windows 11')
    assert.deepEqual([fresh.name, fresh.phone, fresh.email, fresh.resion], ['王五', '13800000000', 'w@example.com', '退货'])
    v.socket.io.engine.close()
    await v.until('disconnect')
    await new Promise((r) => (v.socket.connected ? r() : v.socket.on('connect', r)))
    const before = v.of('status').length
    v.emit('new', hello)
    await v.until('status', () => v.of('status').length > before)
    assert.equal(v.of('status').at(-1).agentserviceid, first.agentserviceid)
    assert.equal(a.of('new').length, 1)
    await talk(v, a, 'u6')
    const nobody = connect(1, '/im/user')
    await nobody.until('connect')
    nobody.emit('new', { orgi: 'ukewo', appid: 'main' })
    await nobody.until('disconnect')
  },

  async '07 generation C'() {
    const a = await agent({ gen: 'C', version: 2, transports: ['websocket'], upgrade: false })
    const { orgi, ...query } = page('u7')
    const v = connect(2, '/im/user', { query, transports: ['websocket', 'polling'] })
    const status = await v.until('status')
    assert.equal(typeof status.createtime, 'number')
    const { echo, got, answer } = await talk(v, a, 'u7')
    assert.equal(echo.calltype, '呼入')
    assert.equal(answer.calltype, '呼出')
    assert.equal(answer.msgtype, 'text')
    assert.equal(answer.username, 'Lin')
    assert.equal(typeof answer.createtime, 'number')
    assert.equal(got.calltype, '呼入')
    assert.equal(got.orgi, undefined)
    const fresh = await a.until('new')
    assert.equal(fresh.channeltype, 'webim')
    assert.equal(fresh.orgi, undefined)
  },

  async '08 visitor with two tabs'() {
    const a = await agent()
    const one = connect(1, '/im/user', { query: page('u8') })
    const first = await one.until('status')
    const two = connect(4, '/im/user', { query: page('u8') })
    const second = await two.until('status')
    assert.equal(second.agentserviceid, first.agentserviceid)
    say(one, '从第一个页面')
    await one.until('message', (m) => m.message === '从第一个页面')
    await two.until('message', (m) => m.message === '从第一个页面')
    one.close()
    a.emit('message', { touser: 'u8', message: '还在' })
    await two.until('message', (m) => m.message === '还在')
    // Longer than the grace period: one page is enough to keep the dialogue.
    await new Promise((r) => setTimeout(r, 3000))
    assert.equal(a.of('end').length, 0)
    two.close()
    await a.until('end', (u) => u.userid === 'u8')
  },

  async '09 agent with two tabs'() {
    const a1 = await agent()
    const a2 = await agent({ version: 4, ready: false })
    const v = connect(1, '/im/user', { query: page('u9') })
    const status = await v.until('status')
    await a1.until('new')
    await a2.until('new')
    await talk(v, a1, 'u9')
    await a2.until('message', (m) => m.message === chinese)
    await a2.until('message', (m) => m.message === '收到<br>请稍候 👍')
    a1.close()
    await new Promise((r) => setTimeout(r, 2500))
    assert.equal(a2.of('end').length, 0)
    const queue = await api('GET', '/api/servicequene', a2.token)
    assert.equal(queue.json.data.readyagents, 1)
    a2.close()
    const told = await v.until('status', (s) => s.messageType === 'text')
    assert.equal(told.agentserviceid, status.agentserviceid)
    const back = await agent()
    await back.until('new', (u) => u.userid === 'u9')
    await v.until('status', (s) => s.messageType === 'text' && /agentno/.test(s.message))
    back.emit('message', { touser: 'u9', message: '我回来了' })
    await v.until('message', (m) => m.message === '我回来了')
  },

  async '13 queue position and timeout'() {
    const bo = await settings({ timers: { queue: 8 } })
    const gone = connect(1, '/im/user', { query: page('q1') })
    await gone.until('status')
    const second = connect(2, '/im/user', { query: page('q2') })
    await second.until('status')
    const third = connect(1, '/im/user', { query: page('q3') })
    const place = (text) => Number(/第 <span id='queneindex'>(\d+)/.exec(text)?.[1] ?? NaN)
    const admitted = await third.until('status')
    gone.close() // the page is gone; its dialogue ends after the grace period
    const moved = await third.until('agentstatus', (m) => place(m.message) === 2)
    assert.ok(moved, JSON.stringify(admitted))
    assert.equal(place((await second.until('agentstatus')).message), 1)
    const places = third.of('agentstatus').map((m) => place(m.message))
    assert.deepEqual(places, [...places].sort((a, b) => b - a), 'the place only falls')
    const end = await third.until('status', (m) => m.messageType === 'end')
    assert.equal(end.agentserviceid, admitted.agentserviceid)
    assert.equal((await rest('GET', '/conversations/' + end.agentserviceid, bo)).endBy, 'queue')
    // Who left and who waited too long are among the left messages.
    const left = await api('GET', '/api/leavemsg/list?msgstatus=notprocess', bo)
    assert.equal(left.json.data.filter((m) => m.type === 'missed').length >= 2, true, left.text)
  },

  async '14 idle, end and rating'() {
    const bo = await settings({ timers: { idleWarn: 2, idleClose: 2 } })
    const a = await agent()
    const v = connect(1, '/im/user', { query: page('r1') })
    const other = connect(1, '/im/user', { query: page('r2') })
    const { agentserviceid } = await v.until('status')
    await other.until('status')
    say(v, '你好')
    const warned = await v.until('status', (m) => m.message.includes('您还在吗'))
    assert.equal(warned.messageType, 'message')
    const end = await v.until('status', (m) => m.messageType === 'end')
    assert.equal(end.agentserviceid, agentserviceid)
    await a.until('end', (u) => u.agentserviceid === agentserviceid)
    const rate = (fields) => api('POST', '/im/satis?' + new URLSearchParams({ id: agentserviceid, appid: 'main', ...fields }))
    // The id of a dialogue alone, or somebody else's session, is no proof (test 20, S12).
    assert.equal((await rate({ satislevel: '1' })).status, 401)
    assert.equal((await rate({ satislevel: '1', userid: 'r2', session: 's-r2' })).status, 404)
    assert.equal((await rate({ satislevel: '1', userid: 'r1', session: 'stolen' })).status, 404)
    assert.equal((await rate({ satislevel: '7', userid: 'r1', session: 's-r1' })).status, 400)
    const done = await rate({ satislevel: '4', satiscomment: '慢', satisitem: '03', userid: 'r1', session: 's-r1' })
    assert.equal(done.status, 200, done.text)
    assert.equal(done.text, '')
    const kept = await rest('GET', '/conversations/' + agentserviceid + '/survey', bo)
    assert.deepEqual([kept.level, kept.score, kept.comment, kept.reasons[0]], ['4', 40, '慢', '03'])
    assert.equal((await rest('GET', '/surveys', bo)).items.length, 1)
    // A link answers once; here the visitor has answered already.
    const link = kept.link.replace('/survey/', '')
    assert.equal((await api('POST', '/im/satis?' + new URLSearchParams({ token: link, satislevel: '1' }))).status, 409)
    assert.equal((await api('POST', '/im/satis?' + new URLSearchParams({ token: link + 'x', satislevel: '1' }))).status, 404)
  },

  async '15 invitation'() {
    const a = await agent({ gen: 'C' })
    const who = { appid: 'main', orgi: 'ukewo', client: 'c1', title: '灯', url: 'https://shop.example/lamp', userid: 'i1', sessionid: 's-i1', session: 's-i1' }
    const q = '?' + new URLSearchParams(who)
    const script = await api('GET', '/im/main.html?product=lamp')
    for (const word of ['window.__ukefu=', 'openAgentChatDialog', 'ukefu-point', 'ukefu-invite-dialog', 'ukefu-im-point-text', 'ichatContent', '"product":"lamp"']) assert.ok(script.text.includes(word), word)
    assert.equal((await api('GET', '/im/main/userlist' + q)).text, '')
    const held = api('GET', '/im/online' + q)
    const row = await untilTrue(async () => (await api('GET', '/api/online/user', a.token)).json.data.find((u) => u.title === '灯'))
    assert.equal(row.invitestatus, 'default')
    const began = Date.now()
    const sent = await api('POST', '/apps/invite?id=' + row.id, a.token)
    assert.equal(sent.json.status, 'OK', sent.text)
    const answer = await held
    assert.ok(Date.now() - began < 1000, 'within a second')
    assert.match(answer.text, /invite/)
    assert.equal((await api('GET', '/im/refuse' + q)).status, 200)
    const refused = await rest('GET', '/invitations', a.token)
    assert.deepEqual([refused.items[0].result, refused.items[0].agentName], ['refuse', 'Lin'])
    // An invitation that comes between two requests is told by the next one, once.
    await api('POST', '/apps/invite?id=' + row.id, a.token)
    const r = await fetch(base + '/im/online' + q)
    assert.equal(r.headers.get('access-control-allow-origin'), '*')
    assert.match(await r.text(), /invite/)
    // Whoever accepts comes to the agent who invited, and is not invited any more.
    const v = connect(1, '/im/user', { query: page('i1', { isInvite: 'true' }) })
    const fresh = await a.until('new')
    assert.equal(fresh.userid, 'i1')
    await v.until('status')
    assert.equal((await rest('GET', '/invitations', a.token)).items[0].result, 'accept')
    assert.equal((await api('POST', '/apps/invite?id=' + row.id, a.token)).status, 409)
    assert.equal((await api('GET', '/im/invited' + q)).status, 409)
  },

  async '18 outside working hours'() {
    const index = async (more = {}) => {
      const r = await fetch(base + '/im/index?' + new URLSearchParams({ appid: 'main', orgi: 'ukewo', userid: 'w1', sessionid: 's-w1', ...more }), { headers: { 'accept-language': 'zh-CN' } })
      const text = await r.text()
      assert.ok(r.status === 503 || text.includes('name="parlor"'), text)
      return r.headers.get('x-leave-type')
    }
    assert.equal(await index(), 'noagent')
    await settings({ hours: { classes: [] } })
    assert.equal(await index(), 'notinworktime')
    const a = await agent()
    assert.equal(await index(), 'notinworktime')
    const v = connect(1, '/im/user', { query: page('w1', { session: 's-w1' }) })
    assert.match((await v.until('status')).message, /非工作时间/)
    for (const [i, content] of ['请回电', '还在等'].entries()) {
      const saved = await api('POST', '/im/leavemsg/save', undefined, new URLSearchParams({ appid: 'main', userid: 'w1', session: 's-w1', name: '王', mobile: '13800138000', qq: '10001', content }))
      assert.equal(saved.status, 200, saved.text + i)
    }
    const bad = await api('POST', '/im/leavemsg/save', undefined, new URLSearchParams({ appid: 'main', userid: 'w1', session: 's-w1', content: 'x', email: 'nobody' }))
    assert.equal(bad.status, 400)
    const list = (await api('GET', '/api/leavemsg/list', a.token)).json.data
    assert.deepEqual(list.map((m) => [m.content, m.mobile, m.qq, m.msgstatus]), [['还在等', '13800138000', '10001', 'notprocess'], ['请回电', '13800138000', '10001', 'notprocess']], 'appended, not overwritten')
    await settings({})
    await untilTrue(async () => (await index()) === '')
  },

  async '19 blacklist'() {
    const a = await agent()
    const v = connect(1, '/im/user', { query: page('b1') })
    const fresh = await a.until('new')
    const bo = await login('bo')
    await rest('POST', '/blacklist', bo, { visitor: fresh.id, fingerprint: 'b1', reason: 'spam', hours: 1 })
    await v.until('disconnect')
    const q = '?' + new URLSearchParams({ appid: 'main', userid: 'b1', session: 's-b1', sessionid: 's-b1' })
    assert.equal((await api('GET', '/im/main/userlist.html' + q)).text, 'in')
    assert.equal((await api('GET', '/im/main/userlist?userid=somebody')).text, '')
    for (const path of ['/im/index', '/im/online', '/im/refuse']) assert.equal((await api('GET', path + q)).status, 403, path)
    assert.equal((await api('POST', '/im/leavemsg/save', undefined, new URLSearchParams({ appid: 'main', userid: 'b1', session: 's-b1', content: 'x' }))).status, 403)
    const again = connect(1, '/im/user', { query: page('b1') })
    await again.until('disconnect')
    assert.equal(again.of('message').length, 0)
  },

  async '16 transfer'() {
    const a = await agent({ gen: 'C' })
    const old = await agent({ gen: 'A', ready: false })
    const v = connect(1, '/im/user', { query: page('u16') })
    await v.until('status')
    const fresh = await a.until('new')
    await talk(v, a, 'u16')
    const bo = await agent({ username: 'bo' })
    const me = await api('GET', '/tokens', bo.token)
    const save = (token, extra) =>
      api('POST', '/agent/transfer/save.html?' + new URLSearchParams({ userid: fresh.userid, agentuserid: fresh.id, agentserviceid: fresh.agentserviceid, memo: '会说粤语', ...extra }), token)
    assert.equal((await save('', { agentno: me.json.data.id })).status, 401)
    assert.equal((await save(a.token, { agentno: 'nobody' })).status, 404)
    const done = await save(a.token, { agentno: me.json.data.id })
    assert.equal(done.json.status, 'OK', done.text)
    const got = await bo.until('new', (u) => u.userid === 'u16')
    assert.equal(got.agentno, me.json.data.id)
    await a.until('transout', (u) => u.userid === 'u16')
    await old.until('end', (u) => u.userid === 'u16')
    const told = await v.until('status', (s) => s.messageType === 'text' && /agentno/.test(s.message) && /Bo/.test(s.message))
    assert.equal(told.agentserviceid, fresh.agentserviceid)
    say(v, '您好')
    await bo.until('message', (m) => m.message === '您好')
    a.emit('message', { touser: 'u16', message: '抢答' })
    await a.until('end', (u) => u.userid === 'u16')
    bo.emit('message', { touser: 'u16', message: '我来接待' })
    await v.until('message', (m) => m.message === '我来接待')
    assert.equal(v.of('message').filter((m) => m.message === '抢答').length, 0)
    const end = await api('GET', '/agent/end.html?' + new URLSearchParams({ userid: fresh.id }), bo.token)
    assert.equal(end.json.status, 'OK', end.text)
    await v.until('status', (s) => s.messageType === 'end' && s.agentserviceid === fresh.agentserviceid)
    await bo.until('end', (u) => u.userid === 'u16')
  },

  async '10 writing'() {
    const a = await agent()
    const other = await agent({ username: 'bo', ready: false })
    const v = connect(1, '/im/user', { query: page('u10') })
    const tab = connect(1, '/im/user', { query: page('u10') })
    const status = await v.until('status')
    await tab.until('status')
    await a.until('new')
    v.emit('message', { type: 'writing', message: '我想问<b>一下</b>' })
    const w = await a.until('message', (m) => m.type === 'writing')
    assert.equal(w.message, '我想问一下')
    v.emit('message', { type: 'writing', message: '' })
    await a.until('message', (m) => m.type === 'writing' && m.message === '')
    say(v, '问题')
    await a.until('message', (m) => m.message === '问题')
    await tab.until('message', (m) => m.message === '问题')
    await v.until('message', (m) => m.message === '问题')
    assert.equal(v.of('message').length, 1)
    assert.equal(tab.of('message').length, 1)
    assert.equal(other.of('message').length, 0)
    const his = await api('GET', '/api/chatmessage?serviceid=' + status.agentserviceid, a.token)
    assert.deepEqual(his.json.data.map((m) => m.message), ['问题'])
  },

  async '11 upload'() {
    const a = await agent()
    const v = connect(1, '/im/user', { query: page('u11') })
    await v.until('status')
    await a.until('new')
    const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64')
    const send = async (extra, bytes = png, name = '图片.png') => {
      const form = new FormData()
      form.append('imgFile', new Blob([bytes]), name)
      const r = await fetch(`${base}/im/image/upload?userid=u11&appid=main&orgi=ukewo${extra}`, { method: 'POST', body: form })
      assert.match(r.headers.get('content-type'), /^text\/html/)
      return JSON.parse(await r.text())
    }
    const up = await send('')
    assert.equal(up.error, 0)
    const seen = await v.until('message', (m) => m.messageType === 'image')
    const got = await a.until('message', (m) => m.msgtype === 'image')
    assert.equal(got.message, seen.message)
    assert.equal(seen.filename, '图片.png')
    for (const address of [seen.message, seen.message + '_original', seen.message + '&original=true']) {
      const r = await fetch(base + address)
      assert.equal(r.status, 200, address)
      assert.match(r.headers.get('content-type'), /^image\//)
    }
    const pasted = await send('&paste=true')
    assert.equal(pasted.error, 0)
    const file = await send('', Buffer.from('plain text'), 'a.txt')
    assert.match(file.url, /^\/res\/file/)
    await a.until('message', (m) => m.msgtype === 'file')
    assert.equal(v.of('message').filter((m) => m.messageType === 'image').length, 1)
    say(v, `看图 <img src="${pasted.url}">`)
    await a.until('message', (m) => m.message === '看图')
    await a.until('message', (m) => m.msgtype === 'image' && m.message !== seen.message)
    const evil = await send('', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'), 'x.svg')
    assert.equal(evil.error, 1)
    const stranger = new FormData()
    stranger.append('imgFile', new Blob([png]), 'x.png')
    const r = await fetch(`${base}/im/image/upload?userid=nobody&appid=main`, { method: 'POST', body: stranger })
    assert.equal((await r.json()).error, 1)
    for (const path of ['/res/image.html?id=../../etc/passwd', '/res/image.html?id=main.x.1.y', '/res/file.html?id=']) assert.equal((await fetch(base + path)).status, 403, path)
  },

  async '12 queue and colleagues'() {
    const first = connect(1, '/im/user', { query: page('q1', { skill: TEAM }) })
    const s1 = await first.until('status')
    assert.equal(s1.noagent, true)
    const second = connect(2, '/im/user', { query: page('q2', { skill: TEAM }) })
    await second.until('status')
    const lin = await agent({ ready: false })
    const bo = await agent({ username: 'bo', ready: false, version: 4 })
    await api('PUT', '/api/servicequene?status=busy', lin.token)
    await api('PUT', '/api/servicequene?status=ready', bo.token)
    await bo.until('status', (s) => s.inquene === 2)
    assert.equal(bo.of('new').length, 0, 'bo is not in the team')
    await api('PUT', '/api/servicequene?status=notbusy', lin.token)
    await lin.until('new', (u) => u.userid === 'q1')
    await lin.until('new', (u) => u.userid === 'q2')
    assert.deepEqual(lin.of('new').map((u) => u.userid), ['q1', 'q2'])
    await first.until('status', (s) => s.messageType === 'text' && /agentno/.test(s.message))
    const me = connect(1, '/im/ent', { query: { userid: AGENT, orgi: 'ukewo', session: lin.token } })
    await me.until('connect')
    const whoBo = (await api('GET', '/tokens', bo.token)).json.data.id
    const peer = connect(2, '/im/entim', { query: { userid: whoBo, orgi: 'ukewo', session: bo.token } })
    await peer.until('status', (s) => s.message === 'online' && s.contextid === AGENT)
    me.emit('message', { userid: AGENT, type: 'message', touser: whoBo, contextid: whoBo, message: '帮忙看一下 👀' })
    const copy = await peer.until('message')
    assert.deepEqual([copy.message, copy.calltype, copy.contextid, copy.model], ['帮忙看一下 👀', 'in', AGENT, 'entim'])
    assert.equal((await me.until('message')).calltype, 'out')
    me.close()
    lin.close()
    await peer.until('status', (s) => s.message === 'offline' && s.contextid === AGENT)
  },

  async '20 spoofing'() {
    const a = await agent()
    const refused = connect(1, '/im/agent', { query: { userid: AGENT, orgi: 'ukewo', session: 'x', admin: 'true' } })
    assert.match(JSON.stringify(await refused.until('error')), /unauthenticated/)
    const refused4 = connect(4, '/im/agent', { query: { userid: AGENT }, auth: { token: 'x' } })
    const err = await refused4.until('connect_error')
    assert.equal(err.message, 'unauthenticated')
    const v = connect(1, '/im/user', { query: page('victim') })
    const mine = await v.until('status')
    await a.until('new')
    // Another browser that knows the id but not the session is somebody else.
    const thief = connect(1, '/im/user', { query: page('victim', { session: 'stolen?' }) })
    const other = await thief.until('status')
    assert.notEqual(other.agentserviceid, mine.agentserviceid)
    say(v, '秘密')
    await a.until('message', (m) => m.message === '秘密')
    await v.until('message', (m) => m.message === '秘密') // its own copy
    thief.emit('message', { type: 'message', userid: 'victim', agentserviceid: mine.agentserviceid, message: '冒充' })
    const fake = await a.until('message', (m) => m.message === '冒充')
    assert.equal(fake.agentserviceid, other.agentserviceid)
    assert.equal(v.of('message').length, 1)
    assert.ok(!thief.of('message').some((m) => m.message === '秘密'))
    // A second agent cannot write into a dialogue that is not its own.
    const bo = await agent({ username: 'bo', ready: false })
    bo.emit('message', { userid: AGENT, touser: 'victim', agentserviceid: mine.agentserviceid, agentuser: fake.agentuser, message: '混入' })
    await bo.until('end')
    assert.ok(!v.of('message').some((m) => m.message === '混入'))
    // Markup is data.
    say(v, '<img src=x onerror=alert(1)><script>alert(2)</scr' + 'ipt>安全&lt;b&gt;')
    const clean = await a.until('message', (m) => m.message.includes('安全'))
    assert.equal(clean.message, '安全&lt;b&gt;')
    // Foreign tenants, missing logins, wrong users.
    const unknown = connect(1, '/im/user', { query: page('x', { appid: 'nowhere' }) })
    await unknown.until('disconnect')
    for (const path of ['/api/agentuser', '/api/servicequene', '/tokens', '/api/chatmessage?serviceid=' + mine.agentserviceid]) assert.equal((await api('GET', path)).status, 401, path)
    assert.equal((await api('GET', '/api/agentuser?userid=someone', a.token)).status, 403)
    assert.equal((await api('GET', '/api/chatmessage?serviceid=0123456789abcdef0123456789abcdef', a.token)).status, 404)
    assert.equal((await api('PUT', '/api/servicequene?status=king', a.token)).status, 400)
    assert.equal((await api('POST', '/tokens?username=lin&password=wrong')).status, 401)
    assert.equal((await api('DELETE', '/tokens', a.token)).json.status, 'OK')
    await a.until('leave')
    assert.equal((await api('GET', '/tokens', a.token)).status, 401)
    for (const junk of [null, 7, 'x', [], { message: { $gt: '' } }, { message: 'x'.repeat(30000) }]) v.emit('message', junk)
    say(v, '仍然正常')
    await v.until('message', (m) => m.message === '仍然正常')
  },

  async '21 picture collaboration'() {
    const a = await agent()
    const v = connect(1, '/im/user', { query: page('u21') })
    await v.until('status')
    const fresh = await a.until('new')
    const white = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAD0lEQVR4nGP4jwMwDC0JALoev0Ewkwr8AAAAAElFTkSuQmCC', 'base64')
    const fetched = async (id) => {
      const r = await fetch(`${base}/res/image.html?id=upload/${id}`)
      return { status: r.status, type: r.headers.get('content-type'), bytes: Buffer.from(await r.arrayBuffer()) }
    }
    // The visitor sends a picture, the agent makes it one to draw on.
    const form = new FormData()
    form.append('imgFile', new Blob([white]), '图纸.png')
    assert.equal((await (await fetch(`${base}/im/image/upload?userid=u21&appid=main&orgi=ukewo`, { method: 'POST', body: form })).json()).error, 0)
    const sent = await a.until('message', (m) => m.msgtype === 'image')
    a.emit('message', { appid: 'main', userid: AGENT, touser: 'u21', orgi: 'ukewo', msgtype: 'cooperation', attachmentid: sent.attachmentid, message: '' })
    const shown = await v.until('message', (m) => m.messageType === 'cooperation')
    assert.equal(shown.msgtype, 'cooperation')
    assert.equal(shown.filename, '图纸.png')
    assert.ok(shown.attachmentid)
    const echo = await a.until('message', (m) => m.msgtype === 'cooperation')
    assert.equal(echo.attachmentid, shown.attachmentid)
    assert.equal(echo.cooperation, true)
    const original = await fetched(shown.attachmentid)
    assert.equal(original.status, 200)
    assert.deepEqual(original.bytes, white)
    const blank = await fetched(shown.attachmentid + '_cooperation')
    assert.equal(blank.type, 'image/png')

    // A drawing saved by the agent: with the token only, in each form of the field.
    const save = (fields, token) => fetch(base + '/agent/message/image/upload', { method: 'POST', headers: token ? { authorization: token } : {}, body: new URLSearchParams(fields) })
    const drawing = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='
    assert.equal((await save({ id: fresh.id, userid: 'u21', fileid: shown.attachmentid, image: drawing })).status, 401)
    assert.equal((await fetch(base + '/agent/message/image/upload', { method: 'POST', headers: { cookie: 'authorization=' + a.token }, body: new URLSearchParams({ fileid: shown.attachmentid, image: drawing }) })).status, 401)
    for (const fields of [{ id: fresh.id, fileid: shown.attachmentid }, { userid: 'u21', fileid: sent.attachmentid }, { userid: fresh.id, fileid: 'upload/' + shown.attachmentid }]) {
      const before = v.of('message').filter((m) => m.messageType === 'action').length
      const r = await save({ ...fields, image: drawing }, a.token)
      assert.equal(r.status, 200, JSON.stringify(fields))
      assert.equal((await r.json()).status, 'OK')
      await untilTrue(() => new Promise((done) => setTimeout(() => done(v.of('message').filter((m) => m.messageType === 'action').length > before), 20)))
    }
    const action = await v.until('message', (m) => m.messageType === 'action')
    assert.equal(action.calltype, 'invite')
    assert.equal(action.attachmentid, shown.attachmentid)
    const drawn = await fetched(shown.attachmentid + '_cooperation')
    assert.equal(drawn.status, 200)
    assert.notDeepEqual(drawn.bytes, blank.bytes)
    for (const image of ['', 'data:text/html;base64,PGI+', 'data:image/png;base64,' + Buffer.from('<svg onload=alert(1)>').toString('base64')]) assert.equal((await save({ fileid: shown.attachmentid, image }, a.token)).status, 400, image)

    // Marks of our own console show in the same picture, and the page is told.
    const token = await settings({})
    const list = await rest('GET', `/conversations/${shown.agentserviceid}/canvases`, token)
    assert.equal(list.items.length, 1)
    assert.ok(list.items[0].layer)
    const actions = v.of('message').filter((m) => m.messageType === 'action').length
    await rest('POST', `/canvases/${list.items[0].id}/marks`, a.token, { id: 'm1', tool: 'pen', colour: '#00c800', width: 60, points: [0, 0.5, 1, 0.5] })
    await untilTrue(() => new Promise((done) => setTimeout(() => done(v.of('message').filter((m) => m.messageType === 'action').length > actions), 20)))
    const marked = await fetched(shown.attachmentid + '_cooperation')
    assert.notDeepEqual(marked.bytes, drawn.bytes)

    // Nobody gets at it without the signed name, and nothing changes after the end.
    for (const id of [list.items[0].id + '_cooperation', sent.attachmentid + '_cooperation', shown.attachmentid.slice(0, -1) + '_cooperation', '../../x_cooperation']) assert.equal((await fetched(id)).status, 403, id)
    assert.equal((await api('GET', '/agent/end?userid=' + fresh.id, a.token)).json.status, 'OK')
    await v.until('status', (m) => m.messageType === 'end')
    assert.equal((await save({ fileid: shown.attachmentid, image: drawing }, a.token)).status, 409)
    assert.equal((await fetched(shown.attachmentid + '_cooperation')).status, 200)
  },
}

const name = process.argv[2]
try {
  assert.ok(scenarios[name], 'unknown scenario ' + name)
  await scenarios[name]()
  process.exitCode = 0
} catch (e) {
  console.error(e)
  process.exitCode = 1
}
for (const s of open) s.close()
setTimeout(() => process.exit(), 200).unref()
