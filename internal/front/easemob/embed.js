/* The globals of Easemob's page on top of the widget of this server. Kept for pages that call them. */
(function (w, d) {
  'use strict'
  var script = d.currentScript, src = new URL(script.src), base = src.origin
  var defaults = { hide: false, autoConnect: false, tenantId: '', configId: '', to: '', emgroup: '', agentName: '', routingRuleFlag: '', user: {}, visitor: {}, extMsg: null, customExtendMessage: null, eventCollector: false, trustedOrigins: [] }
  var given = w.easemobim && w.easemobim.config || {}, config = {}, inbox = '', tenant = '', waiting = [], ready = false, active = false, began = false, mine = ''
  function merge(to, from) { for (var k in from) if (from[k] !== undefined && from[k] !== null) to[k] = from[k]; return to }
  function read(name) { try { return w.localStorage.getItem('parlor.' + inbox + name) || '' } catch (e) { return '' } }
  function keep(name, value) { try { w.localStorage.setItem('parlor.' + inbox + name, value) } catch (e) { /* the widget keeps it for this page */ } }
  function call(name, data) { if (typeof config[name] === 'function') try { config[name](data) } catch (e) { setTimeout(function () { throw e }) } }
  function get(path) { return fetch(base + path).then(function (r) { return r.json() }) }
  function post(path, body, token, firm) {
    var headers = { 'Content-Type': 'application/json' }
    if (token) headers.Authorization = 'Bearer ' + token
    return fetch(base + path, { method: 'POST', headers: headers, body: JSON.stringify(body) }).then(function (r) {
      if (firm && (r.status === 429 || r.status > 499)) throw new Error(r.status)
      return r.json()
    })
  }
  /* What stands on every message: whom the visitor wishes for, and who it is. */
  function stamp(ext) {
    var e = merge(merge({}, config.customExtendMessage || {}), ext || {}), chat = merge({}, e.weichat || {})
    if (config.emgroup && !chat.queueName) chat.queueName = config.emgroup
    if (config.agentName && !chat.agentUsername) chat.agentUsername = config.agentName
    if (config.routingRuleFlag && !chat.routingRuleFlag) chat.routingRuleFlag = config.routingRuleFlag
    if (!chat.visitor && Object.keys(config.visitor || {}).length) chat.visitor = config.visitor
    if (!chat.msg_id_for_ack) chat.msg_id_for_ack = w.crypto.randomUUID ? w.crypto.randomUUID() : String(Date.now()) + Math.random()
    e.weichat = chat
    return e
  }
  /* Sends what waits, one after the other; what fails for the network or for now is tried again. */
  var busy
  function flush() {
    var token = mine || read('')
    if (busy) return busy
    if (!token || !waiting.length) return Promise.resolve()
    var next = waiting[0]
    busy = post('/v1/imgateway/messages?tenantId=' + tenant, { originType: 'webim', bodies: [next.action ? { type: 'cmd', action: next.action } : { type: 'txt', msg: next.text }], ext: next.ext }, token, true).then(function (a) {
      waiting.shift()
      if (a.status === 'OK') session(true)
      else if (w.console) w.console.warn('easemobim', a.errorCode, a.errorDescription)
    }, function () { return new Promise(function (go) { setTimeout(go, 2000) }) }).then(function () { busy = undefined; return flush() })
    return busy
  }
  function send(text, ext, action) {
    if (waiting.length < 50) waiting.push({ text: text, ext: stamp(ext), action: action })
    if (ready) flush()
  }
  /* A tag of the business waits for a conversation; all other messages begin one. */
  var held = []
  function sendExt(message) {
    var ext = message && message.ext || message || {}
    if (ext.cmd && !active) held.push(ext)
    else send('', ext)
  }
  function session(on) {
    if (on === active) return
    active = on
    call(on ? 'onsessioncreat' : 'onsessionclosed')
    while (on && held.length) send('', held.shift())
  }
  function begin() {
    if (began) return
    began = true
    var list = config.extMsg ? [].concat(config.extMsg) : []
    list.forEach(function (m) { sendExt(m) })
    if (!list.length && (config.agentName || config.routingRuleFlag)) send('', {})
  }
  /* The visitor's token, where the widget looks for it: that of the page's own user, else the one there is. */
  function enter(name, password) {
    return post('/parlor/kefuchannelapp' + tenant + '/token', { grant_type: 'password', username: name, password: password }).then(function (a) { if (a.access_token) keep('', a.access_token) })
  }
  /* A token that the company has signed (a JWT, of three parts) is not kept: who comes next may be somebody else. */
  function signed() {
    var user = config.user || {}, token = user.identity || config.identity || user.token || ''
    return user.identity || config.identity || token.split('.').length === 3 ? token : ''
  }
  function login() {
    var user = config.user || {}
    if (signed()) return post('/v1/webimplugin/visitors?tenantId=' + tenant, { imServiceNumber: 'kefuchannelimid_' + inbox, identity: signed() }).then(function (a) {
      if (a.status !== 'OK') throw new Error(a.errorDescription)
      mine = a.access_token
    })
    if (user.token) return keep('', user.token)
    if (user.username && user.password) return enter(user.username, user.password)
  }
  /* What is to be said before the first word is said before the chat opens, which then shows it. */
  function arrive() {
    begin()
    if (!waiting.length) return
    return Promise.resolve(mine || read('') || post('/v1/webimplugin/visitors?tenantId=' + tenant, { imServiceNumber: 'kefuchannelimid_' + inbox }).then(function (a) { return enter(a.userId, a.userPassword) })).then(flush)
  }
  function load() {
    if (load.done) return
    load.done = true
    var s = d.createElement('script')
    s.src = base + '/w/' + encodeURIComponent(inbox) + '.js'
    w.Parlor = w.Parlor || function () { (w.Parlor.q = w.Parlor.q || []).push(arguments) }
    if (signed()) w.Parlor('identify', signed())
    w.Parlor('on', 'ready', function () {
      if (!ready) setTimeout(function () { call('onready') }, 500)
      ready = true
      flush()
    })
    w.Parlor('on', 'open', function () { shown = true; begin(); flush(); call('onopen') })
    w.Parlor('on', 'close', function () { shown = false; detach(); call('onclose') })
    w.Parlor('on', 'message', function (m) { call('onmessage', { from: m && m.from, to: '', message: m }) })
    w.Parlor('on', 'unread', function () { session(!!read('.live')) })
    w.Parlor('on', 'rated', function (x) { call('onEvaluationsubmit', x) })
    d.head.appendChild(s)
    if (config.hide) hide()
    if (config.autoConnect) { w.Parlor('open'); w.Parlor('close') }
  }
  /* A button that is not wanted: the whole element is there only while the chat is open. */
  var hidden = false, shown = false, host
  function hide() {
    hidden = true
    detach()
    new MutationObserver(detach).observe(d.documentElement, { childList: true, subtree: true })
  }
  function detach() {
    var found = d.querySelector('parlor-chat')
    if (found) host = found
    if (found && hidden && !shown) found.remove()
  }
  var started
  function start() {
    if (started) return started
    var number = (config.to || '').replace(/^kefuchannelimid_/, '')
    started = get('/webim/entry?' + new URLSearchParams({ configId: config.configId || '', tenantId: config.tenantId || '', inbox: number })).then(function (a) {
      if (a.status !== 'OK') throw new Error(a.errorDescription)
      inbox = a.entity.inbox
      tenant = a.entity.tenantId
      return login()
    })
    started.catch(function (e) { if (w.console) w.console.warn('easemobim', String(e)) })
    return started
  }
  function show(on) {
    start().then(function () {
      return on && arrive()
    }).then(function () {
      load()
      shown = on
      if (on && host && !host.isConnected) d.body.appendChild(host)
      w.Parlor(on ? 'open' : 'close')
    })
  }
  /* A page without the widget tells who looks at it, so that an agent can ask for the visitor. Once the widget
     is there it does both itself. */
  var asked = '', guest = '', stale = false, card
  function report(type, more) {
    var token = stale ? '' : mine || read('')
    guest = guest || read('.guest') || (w.crypto.randomUUID ? w.crypto.randomUUID() : String(Math.random()).slice(2) + String(Math.random()).slice(2))
    keep('.guest', guest)
    return post('/v1/event_collector/events?tenantId=' + tenant, merge({ type: type, tenantId: tenant, imServiceNumber: 'kefuchannelimid_' + inbox, url: w.location.href, title: d.title, referrer: d.referrer,
      userId: { type: token ? 'VISITOR' : 'GUEST', uid: token ? '' : guest } }, more), token).then(function (a) {
      if (token && a.errorCode === 'API_002') stale = true
      return a
    })
  }
  function collect() {
    if (!config.eventCollector || load.done) return
    var told = d.hidden ? Promise.resolve({}) : report('VISIT_URL')
    told.then(function (a) {
      if (a.type === 'INIT_CALL' && a.invitationId !== asked && !load.done) called(a)
      else if (a.type === 'OK' && card) close()
    }, function () { /* it is told again */ }).then(function () { setTimeout(collect, 5000) })
  }
  function close() {
    if (card) card.remove()
    card = undefined
  }
  function answer(a, yes) {
    close()
    report(yes ? 'CALL_ACCEPTED' : 'CALL_REFUSED', { invitationId: a.invitationId }).catch(function () { /* its time goes by */ }).then(function () {
      if (!yes) return
      if (a.agentUserName && !config.agentName) config.agentName = a.agentUserName
      return Promise.resolve(a.userPassword && enter(a.userName, a.userPassword)).then(function () { show(true) })
    })
  }
  var WORDS = { zh: ['邀请对话', '现在咨询', '稍后再说'], en: ['Invitation to chat', 'Chat now', 'Later'], pt: ['Convite para conversar', 'Conversar agora', 'Mais tarde'] }
  /* An agent asks for the visitor: with words in a card, else the chat opens. */
  function called(a) {
    asked = a.invitationId
    if (!a.message) return answer(a, true)
    close()
    var words = WORDS[(/en-US/.test(src.pathname) ? 'en' : w.navigator.language || 'en').slice(0, 2)] || WORDS.en
    card = d.createElement('parlor-call')
    var root = card.attachShadow({ mode: 'closed' }), style = d.createElement('style'), box = d.createElement('div')
    style.textContent = ':host{all:initial}div{position:fixed;z-index:2147483000;right:20px;bottom:20px;box-sizing:border-box;width:340px;max-width:calc(100vw - 40px);padding:18px;border-radius:14px;background:#fff;color:#1a1f2b;font:15px/1.6 system-ui,sans-serif;box-shadow:0 16px 48px #0004}' +
      'p{margin:0 0 14px;white-space:pre-wrap;overflow-wrap:anywhere}b{display:block;font-size:13px;color:#545b6b}button{font:600 15px/1.6 system-ui,sans-serif;min-height:38px;padding:5px 16px;margin:0 10px 0 0;border:1px solid #2458d8;border-radius:9px;background:#fff;color:#2458d8;cursor:pointer}button.yes{background:#2458d8;color:#fff}' +
      '@media(prefers-color-scheme:dark){div{background:#20232b;color:#eceef3}b{color:#a9afbd}button{background:none;color:#9db8ff}}'
    box.setAttribute('role', 'dialog')
    box.setAttribute('aria-label', words[0])
    function add(tag, text) { var el = box.appendChild(d.createElement(tag)); el.textContent = text; return el }
    if (a.agentNickname) add('b', a.agentNickname)
    add('p', a.message)
    var yes = add('button', words[1])
    yes.className = 'yes'
    yes.onclick = function () { answer(a, true) }
    add('button', words[2]).onclick = function () { answer(a, false) }
    root.append(style, box)
    d.body.appendChild(card)
  }
  /* What pages in frames of this page say: of this site, of the server, or of a site that is trusted. */
  function heard(e) {
    var m = e.data, frame = e.source
    if (!m || typeof m !== 'object' || !frame || frame === w || frame.parent !== w) return
    if ([w.location.origin, base].concat(config.trustedOrigins).indexOf(e.origin) < 0) return
    var lead = m.easemob && m.easemob.kefu && m.easemob.kefu.cta
    if (lead && typeof lead === 'object') {
      var ext = { msgtype: { track: { title: String(lead.title || '').slice(0, 200), item_url: String(lead.item_url || '').slice(0, 1000) } } }
      if (lead.phone) ext.weichat = { visitor: merge(merge({}, config.visitor || {}), { phone: String(lead.phone).slice(0, 40) }) }
      send('', ext, 'TransferToKf')
      show(true)
    }
    if ((m.closeNote === true || m.closeChat === true) && load.done) show(false)
  }
  w.addEventListener('message', heard)
  merge(merge(config, defaults), given)
  ;['configId', 'tenantId', 'to', 'emgroup', 'agentName', 'routingRuleFlag'].forEach(function (k) { var v = src.searchParams.get(k); if (v) config[k] = v })
  ;['hide', 'autoConnect', 'eventCollector'].forEach(function (k) { if (src.searchParams.get(k) === 'true') config[k] = true })
  var api = w.easemobim = w.easemobim || {}
  merge(api, {
    version: '53.2', config: config,
    bind: function (c) { if (c && c.tenantId) config.configId = ''; merge(config, c || {}); show(true) },
    sendExt: function (m) { start(); sendExt(m) },
    sendText: function (text) { begin(); show(true); send(String(text || '').slice(0, 1500)) },
    minimize: function () { show(false) }, restore: function () { show(true) }, hideDefaultBtn: hide,
    setDefaultConfig: function (c) { merge(config, c || {}) },
  })
  w.easemobIM = function (group) { api.bind({ emgroup: group || '' }) }
  w.easemobIMS = function (id, group) { api.bind({ tenantId: id, emgroup: group || '' }) }
  if (config.configId || config.tenantId || config.to) start().then(function () {
    if (!config.hide || config.autoConnect) load()
    collect()
  }, function () { /* it was said */ })
})(window, document)
