// The video counter: a page in a frame of a shop waits in the queue, an agent takes it and is rung, both see each
// other, the agent hangs up, the visitor rates and is called back; how it looks, and what is set for it.
import { invite, live, moving } from './call.mjs'
import { axe, check, open, shot, signIn, until } from './lib.mjs'
import { admin } from './visit.mjs'

// Cameras are given to secure pages only, and this name counts as one.
const SHOP = 'http://shop.localhost/'
const phase = (frame, name) => frame.waitForSelector(`[data-test=phase][data-phase=${name}]`, { timeout: 20_000 })

/** A page of a shop that holds the counter; resolves with the frame. */
async function shop(page, address) {
  await page.context().route(SHOP + '**', (route) => route.fulfill({
    contentType: 'text/html',
    body: `<!doctype html><html lang="zh"><title>Shop</title><style>body{margin:0}iframe{border:0;width:100vw;height:100vh;display:block}</style><iframe title="counter" allow="camera;microphone;display-capture" src="${address}"></iframe>
      <script>window.heard = []; addEventListener('message', (e) => heard.push(e.origin + ' ' + e.data.event))</script></html>`,
  }))
  await page.goto(SHOP)
  return frameOf(page)
}
async function frameOf(page) {
  await until(() => page.frames().some((f) => f.url().includes('/w/vec/')), 'the frame of the counter')
  const frame = page.frames().find((f) => f.url().includes('/w/vec/'))
  await frame.waitForSelector('[data-test=phase]:not([data-phase=loading])')
  return frame
}

/** Somebody who waits for an agent too. */
async function another(base) {
  const json = async (r) => { check(r.ok, `${r.url}: ${r.status}`); return r.json() }
  const { token } = await json(await fetch(base + '/api/parlor/v1/visitor/session', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ inbox: 'main' }) }))
  const headers = { Authorization: 'Bearer ' + token, 'Content-Type': 'application/json' }
  const a = await json(await fetch(base + '/v1/imgateway/messages', { method: 'POST', headers, body: JSON.stringify({ bodies: [{ type: 'txt', msg: 'first' }] }) }))
  const session = a.entities[0].ext.weichat.service_session.serviceSessionId
  return () => fetch(`${base}/webimplugin/tenants/1/visitors/me/servicesessions/${session}/stop-wait-session`, { method: 'POST', headers })
}

export async function vec(browser, base, mock) {
  if (mock) return console.log('     needs a real server: PARLOR_E2E_URL')
  const a = await admin(base)
  const state = (s) => a.call('PUT', '/me/state', { state: s })
  await a.clear()
  await state('busy')
  try {
    await a.set({ calls: { counter: { waiting: { 'zh-CN': '视频柜台，面对面办理业务' }, calling: { 'zh-CN': '正在为您转接专员' }, ending: { 'zh-CN': '感谢您使用视频柜台' } } } })
    await counter(browser, base, a)
    await closedByHost(browser, base, a)
    await a.set({ calls: { counter: { skipWaiting: true, cameraOff: true } } })
    await skipped(browser, base, a, state)
    await closed(browser, base, a)
    await a.set({ origins: ['https://shop.example'] })
    const csp = (await fetch(base + '/w/vec/?inbox=main')).headers.get('content-security-policy')
    check(csp.endsWith("frame-ancestors 'self' https://shop.example"), 'pages of other origins cannot hold it: ' + csp)
  } finally {
    await a.reset()
    await a.clear()
    await state('ready')
  }
  await looks(browser, base)
  await settings(browser, base)
}

async function counter(browser, base, a) {
  const gone = await another(base)
  const visitor = await open(browser, { width: 1280, height: 860 })
  const frame = await shop(visitor, base + '/webim-vec/index.html?configId=main&source=invitation&lang=zh-CN&inviteeVisitorName=Mia')
  await frame.waitForSelector('text=视频柜台，面对面办理业务')
  await axe(frame, 'the counter before the call')
  await shot(visitor, 'vec-idle')

  // It waits with its live position and sees itself.
  await frame.click('[data-test=start]')
  await frame.waitForSelector('text=正在为您转接专员')
  await frame.waitForSelector('[data-test=place]:has-text("您前面还有 1 人")')
  await gone()
  await frame.waitForSelector('[data-test=place]:has-text("您排在第一位")')
  await until(() => frame.evaluate(() => document.querySelector('[data-test=mirror]')?.videoWidth > 0), 'its own picture')
  await axe(frame, 'the counter while waiting')
  await shot(visitor, 'vec-waiting')
  await visitor.reload()
  const again = await frameOf(visitor)
  await phase(again, 'waiting')

  // An agent takes it, and is rung at once.
  const agent = await open(browser)
  await signIn(agent, base, '/console/inbox/queue')
  await agent.click('[role=option] >> nth=0')
  await agent.waitForSelector('[role=log] >> text=请求视频通话')
  await agent.locator('button:has-text("接待"), button:has-text("接入")').first().click()
  await agent.waitForSelector('[data-test=ringing] >> text=来电')
  await again.waitForSelector('[data-test=place]:has-text("正在呼叫")')
  await shot(agent, 'vec-console-rings')
  await agent.click('[data-test=call-accept]')
  await Promise.all([live(again), live(agent)])
  await moving(again, 'the visitor')
  await moving(agent, 'the agent')
  check((await again.locator('[data-test=pip], [data-test=minimise]').count()) === 0, 'the call stays whole')
  for (const key of ['mute', 'camera', 'share', 'out', 'hangup']) await until(() => again.isVisible(`[data-test=${key}]`), key + ' is there')
  await axe(again, 'the counter in the call')
  await shot(visitor, 'vec-call')

  // The agent hangs up, the visitor rates.
  await agent.click('[data-test=call-end]')
  await again.waitForSelector('[data-test=ending]:has-text("感谢您使用视频柜台")')
  await until(async () => (await again.locator('.call').count()) === 0, 'nothing of the call stays')
  await again.click('.rate label >> nth=0')
  await axe(again, 'the counter after the call')
  await shot(visitor, 'vec-ended')
  await again.click('.rate .btn >> nth=0')
  await again.waitForSelector('.rate[role=status]')
  const id = agent.url().split('/').pop().split('?')[0]
  const rated = (await a.call('GET', '/surveys?limit=5')).items.find((x) => x.conversation === id)
  check(rated?.score === 100, 'the rating is kept: ' + JSON.stringify(rated))
  const talk = await a.call('GET', `/conversations/${id}`)
  check((talk.conversation ?? talk).channel === 'video', 'the conversation is marked: ' + JSON.stringify(talk).slice(0, 300))

  // The agent calls back; the page answers, and hangs up.
  await invite(agent, 'video')
  await again.waitForSelector('[data-test=ringing] >> text=邀请您视频通话')
  await shot(visitor, 'vec-callback')
  await again.click('[data-test=accept]')
  await Promise.all([live(again), live(agent)])
  await moving(again, 'the visitor, called back')
  await agent.waitForSelector('[role=log] >> text=接听了回呼')
  await again.click('[data-test=hangup]')
  await phase(again, 'ended')

  // The page asks its host to be taken away, and what was open is closed.
  await again.click('[data-test=close]')
  await until(async () => (await visitor.evaluate('window.heard.join()')) === base + ' webimVecClose', 'the host is told')
  await until(async () => (await a.call('GET', '/conversations?view=queue&limit=10')).items.length === 0 && !(await a.call('GET', '/conversations?view=all&limit=10')).items.some((c) => c.id === id && c.status !== 'closed'), 'the session has ended')
  check(!agent.faults.length && !visitor.faults.length, 'faults: ' + [...agent.faults, ...visitor.faults].join('; '))
  await agent.context().close()
  await visitor.context().close()
}

/** The page that holds the counter closes it while it waits. */
async function closedByHost(browser, base, a) {
  const visitor = await open(browser, { width: 390, height: 844, touch: true })
  const frame = await shop(visitor, base + '/webim-vec/index.html?configId=main&lang=zh-CN')
  await frame.click('[data-test=start]')
  await phase(frame, 'waiting')
  await shot(visitor, 'vec-waiting-390')
  await visitor.evaluate((to) => document.querySelector('iframe').contentWindow.postMessage({ event: 'other' }, to), base)
  await visitor.evaluate((to) => document.querySelector('iframe').contentWindow.postMessage({ event: 'webimVecClose' }, to), base)
  await phase(frame, 'ended')
  await until(async () => (await a.call('GET', '/conversations?view=queue&limit=10')).items.length === 0, 'nobody waits any more')
  check((await visitor.evaluate('window.heard.length')) === 0, 'the host is not told what it knows')
  check(!visitor.faults.length, 'faults: ' + visitor.faults.join('; '))
  await visitor.context().close()
}

/** Calls as soon as it is open, with the camera off; the agent declines, then takes the next one. */
async function skipped(browser, base, a, state) {
  const agent = await open(browser, { theme: 'dark', locale: 'en' })
  await signIn(agent, base)
  await state('ready')
  const visitor = await open(browser, { width: 390, height: 844, theme: 'dark', locale: 'en', touch: true })
  await visitor.goto(base + '/webim-vec/index.html?configId=main')
  await agent.click('[data-test=call-refuse]')
  await visitor.waitForSelector('text=We may call you back here.')
  await axe(visitor, 'the counter, declined')
  await shot(visitor, 'vec-declined-390-dark')
  await visitor.click('[data-test=start]')
  await agent.click('[data-test=call-accept]')
  await Promise.all([live(visitor), live(agent)])
  await visitor.waitForSelector('[data-test=camera][aria-pressed=true]')
  await agent.waitForSelector('[data-test=call][data-phase=connected]')
  check((await visitor.locator('[data-test=share]').count()) === 0, 'a phone shares no screen')
  await shot(visitor, 'vec-call-390-dark')
  await axe(visitor, 'the counter in the call, camera off')
  await visitor.click('[data-test=camera]')
  await moving(agent, 'the camera is switched on')
  await a.clear()
  await visitor.waitForSelector('text=The session has ended.')
  check(!agent.faults.length && !visitor.faults.length, 'faults: ' + [...agent.faults, ...visitor.faults].join('; '))
  await agent.context().close()
  await visitor.context().close()
}

/** Outside the hours nobody is called: a message is left instead, also when they end while the page is open. */
async function closed(browser, base, a) {
  await a.set({})
  const visitor = await open(browser, { locale: 'en' })
  await visitor.goto(base + '/webim-vec/index.html?configId=main')
  await phase(visitor, 'idle')
  await a.set({ hours: { classes: [] }, offline: {} })
  await visitor.click('[data-test=start]')
  await visitor.waitForSelector('.gate h2:has-text("Leave a message")')
  await visitor.reload()
  await visitor.waitForSelector('.gate textarea')
  await axe(visitor, 'the counter outside the hours')
  await shot(visitor, 'vec-closed')
  check((await visitor.locator('[data-test=start]').count()) === 0, 'nobody can be called')
  check(!visitor.faults.length, 'faults: ' + visitor.faults.join('; '))
  await visitor.context().close()
}

/** The page before the call in other looks. */
async function looks(browser, base) {
  for (const [theme, lang, width, height] of [['light', 'pt-BR', 390, 844], ['dark', 'zh-CN', 1440, 900], ['light', 'en', 1440, 900]]) {
    const page = await open(browser, { theme, locale: lang, width, height, touch: width < 500 })
    await page.goto(`${base}/webim-vec/index.html?configId=main&lang=${lang}`)
    await phase(page, 'idle')
    await until(() => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing hangs over at ' + width)
    await axe(page, `the counter, ${theme} ${lang}`)
    await shot(page, `vec-idle-${theme}-${lang}-${width}`)
    check(!page.faults.length, 'faults: ' + page.faults.join('; '))
    await page.context().close()
  }
}

/** What is set in the console. */
async function settings(browser, base) {
  for (const [theme, locale, width, height] of [['light', 'zh-CN', 1440, 900], ['dark', 'en', 390, 844]]) {
    const page = await open(browser, { theme, locale, width, height, touch: width < 500 })
    await signIn(page, base)
    await page.goto(base + '/console/admin/inboxes/main/forms')
    const section = page.locator('[data-test=counter]')
    await section.scrollIntoViewIfNeeded()
    await until(async () => (await section.locator('a').getAttribute('href')) === base + '/webim-vec/index.html?configId=main', 'the address of the page')
    await until(() => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing hangs over at ' + width)
    await axe(page, `the settings of the counter, ${theme}`)
    await shot(page, `vec-settings-${theme}-${width}`)
    await page.context().close()
  }
}
