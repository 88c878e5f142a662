// Pages of business systems beside conversations: two pages on origins of their own, of which one is configured and answers,
// and one that speaks from elsewhere and is ignored; the CRM of the demo company; the administrator's page.
import { createServer } from 'node:http'
import { axe, check, LOGIN, open, openChat, say, shot, signIn, unique, until } from './lib.mjs'

/** A page that answers the console. `CONSOLE` is the console's origin, which it alone listens to. */
const PAGE = (origin) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>Order system</title><body>
<h1>Order system</h1><p id="query"></p><pre id="got"></pre><p id="said"></p><iframe id="inner" title="Inner" hidden></iframe>
<script>
  const CONSOLE = ${JSON.stringify(origin)}
  query.textContent = location.search
  const tell = (kefu) => parent.postMessage({ easemob: { kefu } }, CONSOLE)
  addEventListener('message', (e) => {
    if (e.origin !== CONSOLE || e.source !== parent) return
    const kefu = e.data.easemob.kefu
    if (kefu.interactive_msg) got.textContent = JSON.stringify(kefu.interactive_msg)
    else if (kefu.visitor_msg) said.textContent = kefu.visitor_msg.msg
  })
  setTimeout(() => tell({ ready: true }), 300)
</script></body></html>`
/** A page of another origin that tries to speak for the configured one. */
const WRONG = `<!doctype html><html lang="en"><title>Elsewhere</title><body><h1>Elsewhere</h1><script>
  for (const to of [parent, top]) to.postMessage({ easemob: { kefu: { sendMsg: { msg: 'from elsewhere', type: 'txt' } } } }, '*')
  document.title = 'spoken'
</script></body></html>`

function serve(html) {
  const seen = []
  return new Promise((done) => {
    const s = createServer((req, res) => {
      seen.push({ url: req.url, referrer: req.headers.referer ?? '' })
      res.setHeader('Content-Type', 'text/html; charset=utf-8')
      res.end(html())
    })
    s.listen(0, '127.0.0.1', () => done({ origin: `http://127.0.0.1:${s.address().port}`, seen, close: () => s.close() }))
  })
}
/** Reads or replaces the windows as the administrator who is logged in on a page. */
const windows = (page, body) => page.evaluate(async (put) => {
  const { csrf } = await (await fetch('/api/parlor/v1/session')).json()
  const r = await fetch('/api/parlor/v1/admin/windows', put ? { method: 'PUT', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf }, body: JSON.stringify(put) } : {})
  return r.ok ? (put ? undefined : r.json()) : Promise.reject(new Error(await r.text()))
}, body)

export async function window(browser, base, mock) {
  if (mock) return
  const good = await serve(() => PAGE(base))
  const wrong = await serve(() => WRONG)
  const agent = await open(browser)
  await signIn(agent, base)
  const before = await windows(agent)
  try {
    await demo(browser, base, agent)
    await foreign(browser, base, agent, good, wrong)
    await admin(browser, base)
  } finally {
    await windows(agent, before)
    good.close()
    wrong.close()
  }
  check(agent.faults.filter((x) => !/sandbox/.test(x)).length === 0, 'no faults: ' + agent.faults.join('\n'))
  await agent.context().close()
}

/** Takes the visitor's conversation whose row says something. */
async function take(agent, base, text) {
  await agent.goto(base + '/console/inbox/all')
  await agent.click(`[role=option]:has-text("${text}")`)
  await agent.waitForSelector('[role=log]')
  const claim = agent.locator('button:has-text("接待"), button:has-text("接入")').first()
  if (await claim.count()) await claim.click()
}

/** The demo company: an order of the shop, its card, the button, the CRM. */
async function demo(browser, base, agent) {
  const shop = await open(browser, { width: 1100, height: 800, locale: 'zh-CN' })
  await shop.goto(base + '/demo/orders.html')
  await shop.waitForSelector('parlor-chat', { state: 'attached' })
  await shop.click('[data-order="A-1009"]')
  const panel = await until(() => shop.frames().find((f) => f.url().includes('/w/panel/')), 'the panel').then(() => shop.frames().find((f) => f.url().includes('/w/panel/')))
  await panel.waitForSelector('.me >> text=A-1009')
  const said = unique('订单什么时候到')
  await say(panel, said)
  await take(agent, base, said)
  await agent.waitForSelector('[data-test=card] >> text=A-1009')
  await until(async () => await agent.locator('[data-test=card] img').getAttribute('referrerpolicy') === 'no-referrer', 'pictures of cards tell no referrer')
  await until(async () => /noopener/.test(await agent.locator('[data-test=card] a').first().getAttribute('rel')), 'links of cards open on their own')
  await agent.waitForSelector('[role=tab][aria-selected=true]')
  await agent.click('[data-test=interact]')
  const crm = agent.frameLocator('iframe[data-window=crm]')
  await crm.locator('.chip').waitFor()
  await until(async () => (await crm.locator('dl').textContent()).includes('A-1009'), 'the CRM shows the order')
  await agent.waitForSelector('[role=tab][aria-selected=true]:has-text("CRM")')
  const entries = () => agent.evaluate(async () => (await (await fetch('/api/parlor/v1/admin/audit?thing=interaction')).json()).items)
  await until(async () => (await entries()).some((e) => e.after.flag === 'order-detail' && e.after.window === 'crm'), 'the record of the interaction')
  await axe(agent.mainFrame(), 'conversation with a window')
  for (const [width, height] of [[1440, 900], [1024, 768], [390, 844]]) {
    for (const theme of ['light', 'dark']) {
      const p = await open(browser, { width, height, theme })
      await signIn(p, base, '/console/inbox/all')
      await p.click(`[role=option]:has-text("${said}")`)
      await p.waitForSelector('[data-test=card]')
      await shot(p, `window-thread-${width}-${theme}`)
      await p.click('[data-test=interact]')
      await p.frameLocator('iframe[data-window=crm]').locator('.chip').waitFor()
      await p.waitForFunction(() => !document.querySelector('[data-test=windows] [role=status]'))
      await shot(p, `window-panel-${width}-${theme}`)
      await p.context().close()
    }
  }
  await shot(shop, 'window-shop')
  await shop.context().close()
}

/** Pages of other origins. */
async function foreign(browser, base, agent, good, wrong) {
  await windows(agent, { pages: [{ id: 'sys', name: 'Orders', address: good.origin + '/o?a=1', sign: 'hmac', key: 'a key of the order system', sync: true }, { id: 'bad', name: 'Elsewhere', address: wrong.origin + '/', origin: good.origin }],
    flags: [{ flag: 'order-detail', window: 'sys' }] })
  const shop = await open(browser, { width: 1100, height: 800, locale: 'zh-CN' })
  const chat = await openChat(shop, base, '/demo/')
  const said = unique('窗口')
  await say(chat, said)
  await chat.waitForSelector(`.me >> text=${said}`)
  const send = (ext) => shop.evaluate(async (x) => {
    const r = await fetch('/v1/imgateway/messages?tenantId=1', { method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: 'Bearer ' + localStorage.getItem('parlor.main') }, body: JSON.stringify({ originType: 'webim', bodies: [{ type: 'txt', msg: '' }], ext: x }) })
    return r.status
  }, ext)
  await take(agent, base, said)
  await send({ weichat: { interactiveFlag: 'order-detail' }, msgtype: { order: { title: 'About', order_id: 'B-7', item_url: 'https://shop.example.com/o' } } })
  await agent.waitForSelector('[data-test=card] >> text=B-7')
  const frame = agent.frameLocator('iframe[data-window=sys] >> visible=true') // that of another conversation may be kept beside it
  // The first window is in sight by default, with the signed address.
  await frame.locator('#query').filter({ hasText: 'kefu_sign=' }).waitFor()
  await until(async () => (await frame.locator('#query').textContent()).startsWith('?a=1&easemobId='), 'parameters are added to the query')
  check(good.seen.every((x) => !x.referrer.includes('inbox')), 'the page is not told the address of the console')
  // Parameters that arrive load the page anew.
  await send({ cmd: { updateVisitorInfoSrc: { params: { orderNo: 'B-7' } } } })
  await frame.locator('#query').filter({ hasText: 'orderNo=B-7' }).waitFor()
  // The button.
  await agent.click('[data-test=interact]')
  await frame.locator('#got').filter({ hasText: 'B-7' }).waitFor()
  const got = JSON.parse(await frame.locator('#got').textContent())
  check(got.version === 1 && got.interactiveFlag === 'order-detail' && got.ext.msgtype.order.order_id === 'B-7' && got.bodies[0].msg === '' && got.visitor.userId && got.agent.username === LOGIN, 'the payload: ' + JSON.stringify(got))
  // What the visitor writes.
  const more = unique('还有')
  await say(chat, more)
  await frame.locator('#said').filter({ hasText: more }).waitFor()
  // What the page sends: the agent is asked the first time.
  const tell = (kefu) => frame.locator('body').evaluate((_, [k, to]) => parent.postMessage({ easemob: { kefu: k } }, to), [kefu, base])
  const one = unique('page one')
  await tell({ sendMsg: { msg: one, type: 'txt' } })
  await agent.waitForSelector('[data-test=window-asks]')
  check(await chat.locator(`text=${one}`).count() === 0, 'nothing is sent before the agent has said yes')
  await axe(agent.mainFrame(), 'a window asks')
  await shot(agent, 'window-asks')
  await agent.click('[data-test=window-asks] .btn-primary')
  await chat.waitForSelector(`text=${one}`)
  const two = unique('page two')
  await tell({ articles: [{ title: two, description: 'd', url: 'https://shop.example.com/help', picurl: '' }] })
  await chat.waitForSelector(`text=${two}`)
  check(await agent.locator('[data-test=window-asks]').count() === 0, 'the agent is asked once')
  await agent.locator(`[data-test=card] >> text=${two}`).waitFor()
  // No more than ten a minute.
  for (let i = 0; i < 12; i++) await tell({ sendMsg: { msg: 'flood ' + i, type: 'txt' } })
  await chat.waitForSelector('text=flood 7')
  await agent.waitForSelector('text=每分钟')
  check(await chat.locator('text=flood 8').count() === 0, 'the eleventh message is held back')
  // A page that stays: leafing to another conversation and back loads nothing.
  const loads = () => good.seen.filter((x) => x.url.includes('B-7')).length
  const loaded = loads()
  await agent.click(`[role=option] >> nth=1`)
  await agent.goBack()
  await frame.locator('#got').filter({ hasText: 'B-7' }).waitFor()
  check(loads() === loaded, `the page stayed loaded: ${loads()} loads, ${loaded} before`)
  // A page that speaks from another origin than it should.
  await agent.evaluate(() => { globalThis.heard = []; addEventListener('message', (e) => globalThis.heard.push(e.origin)) })
  await agent.click('[role=tab]:has-text("Elsewhere")')
  await until(() => agent.frames().some((f) => f.url().startsWith(wrong.origin)), 'the page of the wrong origin')
  await agent.frames().find((f) => f.url().startsWith(wrong.origin)).waitForFunction(() => document.title === 'spoken')
  await agent.waitForFunction((origin) => globalThis.heard.includes(origin), wrong.origin)
  check(await agent.locator('[data-test=window-asks]').count() === 0 && await chat.locator('text=from elsewhere').count() === 0, 'a page of another origin is ignored')
  // Another agent's conversation is not the page's to speak in.
  const policy = (await agent.request.get(base + '/console/')).headers()['content-security-policy']
  check(new RegExp(`frame-src 'self' ${[good.origin, wrong.origin].sort().join(' ')};`).test(policy), 'the content policy has exactly the origins: ' + policy)
  await shop.context().close()
}

/** The administrator's page. */
async function admin(browser, base) {
  for (const [width, height] of [[1440, 900], [1024, 768], [390, 844]]) {
    for (const theme of ['light', 'dark']) {
      const p = await open(browser, { width, height, theme })
      await signIn(p, base)
      await p.goto(base + '/console/admin/windows')
      await p.waitForSelector('[data-test=window-row]')
      await axe(p.mainFrame(), 'windows')
      await shot(p, `admin-windows-${width}-${theme}`)
      await p.click('[data-test=window-row] button:nth-of-type(3)')
      await p.click('form button:has-text("试一试")')
      await p.waitForSelector('[data-test=tried]')
      await until(async () => /kefu_sign=[0-9a-f]{64}$/.test(await p.locator('[data-test=tried]').textContent()), 'the address is tried with the key that is kept')
      await axe(p.mainFrame(), 'a window')
      await p.locator('[data-test=tried]').scrollIntoViewIfNeeded()
      await shot(p, `admin-window-${width}-${theme}`)
      await p.context().close()
    }
  }
}
