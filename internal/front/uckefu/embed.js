/* Entry button and invitations for a page. Kept for pages that hook its globals and element ids. */
(function (w, d) {
  'use strict'
  var c = w.__ukefu, key = 'ukefu.' + c.appid, me = {}, box, running = 0, stopped = false, shown = ''
  function keep(area, name, value) {
    try {
      if (value === undefined) return w[area].getItem(key + name) || ''
      w[area].setItem(key + name, value)
    } catch (e) { /* a page without storage gets new ids */ }
    return ''
  }
  function random() {
    var a = new Uint8Array(16), s = ''
    w.crypto.getRandomValues(a)
    for (var i = 0; i < 16; i++) s += (a[i] + 256).toString(16).slice(1)
    return s
  }
  function stored(area, name) {
    var v = keep(area, name)
    if (!v) keep(area, name, v = random())
    return v
  }
  var userid = c.userid || stored('localStorage', '.id'), session = stored('localStorage', '.session'), client = random()
  function text(t) { return t ? t[c.lang] || t[''] || '' : '' }
  function query(more) {
    var all = { appid: c.appid, orgi: c.orgi, client: client, userid: userid, sessionid: session, session: session, title: d.title, url: w.location.href }, k, s = []
    for (k in c.pass) all[k] = c.pass[k]
    for (k in me) all[k] = me[k]
    for (k in more) all[k] = more[k]
    for (k in all) if (all[k]) s.push(k + '=' + encodeURIComponent(all[k]))
    return '?' + s.join('&')
  }
  function get(path, more, done) {
    var x = new XMLHttpRequest()
    x.open('GET', c.base + path + query(more))
    x.timeout = 45000
    x.onloadend = function () { if (done) done(x.status === 200 ? x.responseText : '', x.status) }
    x.send()
  }
  function el(tag, css, parent, id) {
    var e = d.createElement(tag)
    if (id) e.id = id
    e.style.cssText = css
    if (parent) parent.appendChild(e)
    return e
  }
  function open(url, more) {
    hide()
    var size = c.full ? 'width=' + screen.availWidth + ',height=' + screen.availHeight : 'width=850,height=600'
    var p = w.open(url || c.base + '/im/index' + query(more), 'ukefu-chat', size + ',resizable=yes,scrollbars=yes')
    if (p) p.focus()
    return false
  }
  function hide() { if (box) { box.parentNode.removeChild(box); box = null } }
  function advert(ad, parent) {
    if (!ad) return
    var p = el(ad.link ? 'a' : 'div', 'all:unset;display:block;margin-bottom:14px;' + (ad.link ? 'cursor:pointer' : ''), parent)
    if (ad.link) { p.href = ad.link; p.target = '_blank'; p.rel = 'noopener noreferrer' }
    if (ad.image) { var i = el('img', 'display:block;max-width:100%;border-radius:8px', p); i.src = ad.image; i.alt = text(ad.text) }
    if (text(ad.text)) el('span', 'display:block;font-size:14px;margin-top:6px', p).textContent = text(ad.text)
  }
  /* The list of teams at the button. */
  function choose(point) {
    var l = c.choice, old = d.getElementById('ukefu-skill-list'), i, j
    if (old) { close(); return false }
    function close() {
      var e = d.getElementById('ukefu-skill-list')
      if (e) e.parentNode.removeChild(e)
      point.setAttribute('aria-expanded', 'false')
      point.focus()
    }
    var at = point.getBoundingClientRect(), left = at.left + at.width / 2 < w.innerWidth / 2
    var list = el('div', 'all:initial;position:fixed;z-index:2147483001;box-sizing:border-box;width:280px;max-width:calc(100vw - 32px);max-height:70vh;overflow:auto;padding:18px;border-radius:14px;background:#fff;color:#1a1f2b;' +
      'font:15px/1.6 system-ui,sans-serif;box-shadow:0 12px 40px rgba(0,0,0,.25);' + (left ? 'left:' + Math.max(at.left, 16) : 'right:' + Math.max(w.innerWidth - at.right, 16)) + 'px;' +
      (at.top > w.innerHeight / 2 ? 'bottom:' + (w.innerHeight - at.top + 12) : 'top:' + (at.bottom + 12)) + 'px', d.body, 'ukefu-skill-list')
    list.setAttribute('role', 'dialog')
    list.setAttribute('aria-label', text(l.title) || c.words[4])
    list.onkeydown = function (e) { if (e.key === 'Escape') close() }
    function line(value, css) { if (value) el('div', 'all:unset;display:block;' + css, list).textContent = value }
    function pick(label, css, more) {
      var b = el('button', 'all:unset;display:block;box-sizing:border-box;width:100%;cursor:pointer;border-radius:9px;' + css, list)
      b.type = 'button'
      b.textContent = label
      b.onclick = function () { close(); open('', more) }
      b.onfocus = function () { b.style.outline = '2px solid #1b4fd0'; b.style.outlineOffset = '1px' }
      b.onblur = function () { b.style.outline = '' }
      return b
    }
    line(text(l.title) || c.words[4], 'font-weight:600;margin-bottom:6px')
    line(text(l.text), 'font-size:14px;margin-bottom:10px')
    advert(l.ad, list)
    for (i = 0; i < l.teams.length; i++) {
      pick(l.teams[i].name, 'padding:9px 12px;margin-top:6px;background:#f3f4f8', { skill: l.teams[i].id })
      var named = l.teams[i].agents || []
      for (j = 0; j < named.length; j++) pick(named[j].name, 'padding:6px 12px 6px 26px;font-size:14px', { skill: l.teams[i].id, agent: named[j].id })
    }
    if (!l.teams.length) pick(text(l.elsewhere) || c.words[6], 'padding:9px 12px;background:#f3f4f8', {})
    line(text(l.note), 'font-size:13px;color:#545b6b;margin-top:12px')
    pick(c.words[5], 'padding:6px 12px;margin-top:8px;font-size:13px;text-align:center', {}).onclick = close
    point.setAttribute('aria-expanded', 'true')
    list.querySelector('button').focus()
    return false
  }
  function invite(said) {
    if (box || stopped) return
    var v = c.invite, at = (v.position || 'center').split(',')
    var css = 'all:initial;position:fixed;z-index:2147483001;box-sizing:border-box;width:' + (v.width || 360) + 'px;max-width:calc(100vw - 32px);padding:22px;border-radius:14px;background:' +
      (v.color || c.color) + ';color:' + (v.ink || '#fff') + ';font:15px/1.6 system-ui,sans-serif;box-shadow:0 12px 40px rgba(0,0,0,.25);'
    css += at[0] === 'center' ? 'left:50%;top:50%;transform:translate(-50%,-50%)' : at[0] + ':24px;' + (at[1] === 'middle' ? 'top:50%;transform:translateY(-50%)' : at[1] + ':24px')
    box = el('div', css, d.body, 'ukefu-invite-dialog')
    box.setAttribute('role', 'dialog')
    box.setAttribute('aria-label', c.name)
    el('div', 'all:unset;display:block;margin-bottom:16px', box, 'ichatContent').textContent = said || text(v.text) || c.words[0]
    advert(c.ad, box)
    function button(label, css, go) {
      var b = el('button', 'all:unset;cursor:pointer;padding:7px 18px;border-radius:9px;margin-right:10px;' + css, box)
      b.type = 'button'
      b.textContent = label
      b.onclick = go
      b.onfocus = function () { b.style.outline = '2px solid currentColor'; b.style.outlineOffset = '2px' }
      b.onblur = function () { b.style.outline = '' }
      return b
    }
    button(text(v.accept) || c.words[1], 'background:' + (v.ink || '#fff') + ';color:' + (v.color || c.color), ukefu.acceptInvite).focus()
    button(text(v.later) || c.words[2], 'border:1px solid currentColor', ukefu.refuseInvite)
    box.onkeydown = function (e) { if (e.key === 'Escape') ukefu.refuseInvite() }
  }
  function poll() {
    if (running || stopped) return
    running = 1
    get('/im/online', { t: +new Date(), sign: c.appid }, function (word, status) {
      running = 0
      if (status === 403 || status === 404) stopped = true
      if (word.indexOf('invite') >= 0) invite((/invite (.*)/.exec(word) || [])[1])
      else if (word.indexOf('refuse') >= 0) { hide() } else if (word.indexOf('accept') >= 0) hide()
      setTimeout(poll, status === 200 ? 50 : 5000)
    })
  }
  var ukefu = w.ukefu = {
    config: function (o) {
      for (var k in o || {}) if (/^(id|name|email|phone)$/.test(k)) me[k] = o[k]
      if (me.id) userid = String(me.id)
      delete me.id
    },
    openChatDialog: function () { return open() },
    openChatDialogWithURL: function (url) { return open(url) },
    ping: poll,
    display: function (on) { var p = d.getElementById('ukefu-point'); if (p) p.style.display = on === false || on === 'none' ? 'none' : 'grid' },
    writeinvite: function (said) { invite(said) },
    refuseInvite: function () { hide(); get('/im/refuse') },
    acceptInvite: function () { return open('', { isInvite: true }) }
  }
  w.openAgentChatDialog = function (url) { return open(url) }
  function rules() {
    if (!c.rules) return
    var waits = 0, began = +new Date(), seen = keep('sessionStorage', '.invited'), asked = +keep('localStorage', '.asked') || 0
    var tick = setInterval(function () {
      if (+new Date() < waits || box) return
      var now = new Date(), spent = (now - began) / 1000, minute = (now.getTime() / 60000 + c.zone) % 1440, i, r
      function like(pattern, value) {
        return !pattern || new RegExp('^' + pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*') + '$', 'i').test(value)
      }
      function clock(s) { var p = s.split(':'); return p[0] * 60 + +p[1] }
      for (i = 0; i < c.rules.length; i++) {
        r = c.rules[i]
        if (spent < r.after || (seen && r.once) || (asked && (!r.repeat || (now - asked) / 1000 < r.repeat))) continue
        if (!like(r.page, w.location.href) || !like(r.referrer, d.referrer)) continue
        if ((r.minVisits && c.visits < r.minVisits) || (r.maxVisits && c.visits > r.maxVisits)) continue
        if (r.from && (clock(r.from) <= clock(r.to) ? minute < clock(r.from) || minute >= clock(r.to) : minute < clock(r.from) && minute >= clock(r.to))) continue
        return ask(r, i)
      }
    }, 1000)
    /* The server knows who is at work now; if it says no, the rule is looked at again later. */
    function ask(r, i) {
      waits = +new Date() + 10000
      get('/im/invited', { rule: r.name || 'rule ' + (i + 1) }, function (word, status) {
        if (status !== 200) return
        clearInterval(tick)
        keep('sessionStorage', '.invited', '1')
        keep('localStorage', '.asked', String(+new Date()))
        invite(text(r.text))
      })
    }
  }
  function start() {
    var style = d.createElement('style')
    style.textContent = c.css
    d.head.appendChild(style)
    if (!c.text) {
      setTimeout(function () {
        var p = el('button', '', d.body, 'ukefu-point')
        p.type = 'button'
        var label = el('span', '', p, 'ukefu-im-point-text')
        label.textContent = text(c.label) || c.words[3]
        p.onclick = function () { return c.choice ? choose(p) : open() }
      }, c.delay)
    }
    if (c.trace) poll()
    setInterval(function () { if (c.trace && !running) poll() }, 15000)
    rules()
  }
  get('/im/' + c.appid + '/userlist', {}, function (word) {
    if (word === 'in') { stopped = true; return }
    if (c.text) { w.location.replace(c.base + '/im/index' + query({ type: 'text' })); return }
    if (d.body) start()
    else d.addEventListener('DOMContentLoaded', start)
  })
})(window, document)
