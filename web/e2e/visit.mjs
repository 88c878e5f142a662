// The visitor's side before, instead of and after a conversation: invitation, forms, survey, record, voice, and the chat as a page.
import { axe, check, LOGIN, open as openPage, openChat, panelOf, PASSWORD, say, shot, signIn, unique, until } from './lib.mjs'

/** A page in which the widget's closed root can be looked into. */
async function open(...args) {
  const page = await openPage(...args)
  await page.addInitScript(() => {
    const own = Element.prototype.attachShadow
    Element.prototype.attachShadow = function () { return own.call(this, { mode: 'open' }) }
  })
  return page
}

/** Lets visitors write although nobody is at work, as most journeys want it. Resolves with what puts the setting back. */
export async function alwaysOpen(base) {
  const a = await admin(base)
  await a.set({ offline: { disabled: true } })
  return a.reset
}

/** The native REST interface as an administrator. */
export async function admin(base) {
  const r = await fetch(base + '/tokens?' + new URLSearchParams({ username: LOGIN, password: PASSWORD }), { method: 'POST' })
  const token = await r.text()
  const call = async (method, path, body) => {
    const x = await fetch(base + '/api/parlor/v1' + path, { method, headers: { Authorization: 'Bearer ' + token, 'Content-Type': 'application/json' }, ...(body ? { body: JSON.stringify(body) } : {}) })
    const text = await x.text()
    check(x.ok, `${method} ${path}: ${text}`)
    return text ? JSON.parse(text) : undefined
  }
  const old = await call('GET', '/admin/inboxes/main')
  /** Ends what other journeys left: it would take the agent's places first. */
  const clear = async () => {
    for (const view of ['queue', 'all']) {
      for (const c of (await call('GET', `/conversations?view=${view}&limit=200`)).items) await call('POST', `/conversations/${c.id}/close`)
    }
  }
  return { call, token, clear, set: (s) => call('PUT', '/admin/inboxes/main', { name: old.name, settings: { ...old.settings, ...s } }), reset: () => call('PUT', '/admin/inboxes/main', { name: old.name, settings: old.settings }) }
}
/** Row 81: a voice message is recorded with a microphone that the browser plays, sent, and heard by visitor and agent. */
async function voice(browser, base, a) {
  await a.set({ offline: { disabled: true } })
  const visitor = await open(browser, { locale: 'en', width: 1280, height: 800 })
  const chat = await openChat(visitor, base)
  await until(async () => (await visitor.evaluate(() => document.querySelector('parlor-chat').shadowRoot.querySelector('iframe').allow)).includes('microphone'), 'a page of another site hands the microphone on')
  const text = unique('listen to this')
  await say(chat, text)
  await chat.waitForSelector(`.me:not(.pending) >> text=${text}`)
  const conversation = (await a.call('GET', '/conversations?view=queue&limit=200')).items.find((c) => c.lastText === text).id
  await chat.click('button[aria-label="Voice message"]')
  await chat.waitForSelector('.rec [role=timer] >> text=0:01')
  await axe(chat, 'recording')
  await shot(visitor, 'visit-recording')
  await chat.click('.rec .send')
  await chat.waitForSelector('.me:not(.pending) audio')
  // It is what was recorded, not an empty file: it can be played to a length.
  const plays = (frame, selector) => frame.evaluate(async (s) => {
    const el = [...document.querySelectorAll(s)].at(-1)
    if (el.readyState < 1) await new Promise((ok, bad) => { el.onloadedmetadata = ok; el.onerror = () => bad(new Error('the recording cannot be read: ' + el.error?.message)) })
    el.muted = true
    await el.play()
    await new Promise((ok) => { if (el.currentTime > 0.3) ok(); else el.ontimeupdate = () => el.currentTime > 0.3 && ok() })
    return el.currentTime
  }, selector)
  check(await plays(chat, '.me audio') > 0.3, 'the visitor hears the recording')
  const stored = (await a.call('GET', `/conversations/${conversation}/messages`)).items.find((m) => m.kind === 'voice')
  check(stored.file.duration > 900 && stored.file.size > 1_000 && /^(audio|video)\/(webm|mp4|ogg)/.test(stored.file.type), 'the recording is kept: ' + JSON.stringify(stored.file))
  const agent = await open(browser, { locale: 'en' })
  await signIn(agent, base)
  await agent.goto(`${base}/console/inbox/queue/${conversation}`)
  await agent.waitForSelector('[role=log] audio[aria-label="Voice message"]')
  check(await plays(agent.mainFrame(), '[role=log] audio') > 0.3, 'the agent hears the recording')
  await axe(agent, 'console with a voice message')
  await shot(agent, 'visit-voice-console')
  check(visitor.faults.length === 0 && agent.faults.length === 0, [...visitor.faults, ...agent.faults].join('; '))
  await a.call('POST', `/conversations/${conversation}/claim`)
  await a.call('POST', `/conversations/${conversation}/close`)
  await visitor.context().close()
  await agent.context().close()
}

const box = (page) => page.locator('parlor-chat').locator('.iv')

export async function visit(browser, base, mock) {
  if (mock) return console.log('     needs a real server: PARLOR_E2E_URL')
  const a = await admin(base)
  try {
    await a.call('PUT', '/me/state', { state: 'away' })
    const someone = (await a.call('GET', '/agents')).items.some((x) => x.connected && x.state === 'ready')
    await invitation(browser, base, a)
    await forms(browser, base, a, someone)
    await looks(browser, base, a)
    await voice(browser, base, a)
    await full(browser, base)
  } finally {
    await a.reset()
  }
}

/** By hand of an agent, within a second, and by a rule; accepted and refused. */
async function invitation(browser, base, a) {
  for (const [locale, theme, width] of [['zh-CN', 'light', 1280], ['pt-BR', 'dark', 390]]) {
    const page = await open(browser, { locale, theme, width, height: 800 })
    const title = unique('Lamp')
    await page.goto(base + '/demo/')
    await page.waitForSelector('parlor-chat', { state: 'attached' })
    await page.evaluate((t) => { document.title = t; globalThis.Parlor('page') }, title)
    let row
    await until(async () => (row = (await a.call('GET', '/online?limit=200')).items.find((x) => x.title === title)), 'the visitor is online')
    check(row.state === 'none' && row.os !== '', 'the row says who: ' + JSON.stringify(row))
    const from = Date.now()
    await a.call('POST', `/visitors/${row.visitor}/invitations`, { text: 'Hello there' })
    await box(page).waitFor()
    check(Date.now() - from < 1_000, 'the invitation came within a second')
    await until(async () => (await box(page).innerText()).includes('Hello there'), 'it says what the agent wrote')
    await shot(page, `visit-invite-${locale}-${width}`)
    await axe(page, 'page with an invitation')
    await page.keyboard.press('Tab')
    await box(page).locator('button').nth(1).click()
    await until(async () => await box(page).count() === 0, 'the box is gone')
    await until(async () => (await a.call('GET', '/invitations?visitor=' + row.visitor)).items[0].result === 'refuse', 'the refusal is recorded')
    check(page.faults.length === 0, page.faults.join('; '))
    await page.context().close()
  }
  await a.set({ invite: { enabled: true, color: '#32c24d', position: 'left,bottom', text: { '': 'May we help?' }, rules: [{ after: 1, page: '*/demo/*' }] } })
  const page = await open(browser, { locale: 'en' })
  await page.goto(base + '/demo/')
  await box(page).waitFor()
  await shot(page, 'visit-invite-rule')
  await axe(page, 'page with a rule\'s invitation')
  await box(page).locator('button').first().click()
  await panelOf(page, 'textarea, .foot, .form')
  check(page.faults.length === 0, page.faults.join('; '))
  await page.context().close()
  await a.reset()
}

/** The form before a conversation, the survey after it, and the page on which a message is left. */
async function forms(browser, base, a, someone) {
  const preChat = { enabled: true, fields: [{ name: 'name', required: true }, { name: 'email' }], consent: { '': 'I agree that my details are kept.' } }
  for (const [locale, theme, width] of [['en', 'light', 1280], ['zh-CN', 'dark', 390]]) {
    if (!someone) {
      await a.set({ preChat, offline: {} })
      const page = await open(browser, { locale, theme, width, height: 800 })
      const chat = await openChat(page, base)
      await chat.waitForSelector('.form')
      await axe(chat, 'leave-message page')
      await shot(page, `visit-offline-${locale}-${width}`)
      await chat.click('.form .btn')
      await chat.waitForSelector('#bad-content')
      const text = unique('Please call')
      await chat.fill('#fld-email', 'nobody')
      await chat.fill('#fld-content', text)
      await chat.click('.form .btn')
      await chat.waitForSelector('#bad-email')
      await axe(chat, 'leave-message page with a fault')
      await chat.fill('#fld-email', 'w@example.com')
      await chat.click('.form .btn')
      await chat.waitForSelector('.form .btn.quiet')
      await until(async () => (await a.call('GET', '/leave-messages')).items[0].content === text, 'the message is there')
      await page.context().close()
    }
    // With the page off, visitors may wait although nobody is there.
    await a.set({ preChat, offline: { disabled: true }, greeting: { '': 'Welcome' } })
    const page = await open(browser, { locale, theme, width, height: 800 })
    await page.context().grantPermissions(['microphone']).catch(() => undefined)
    const chat = await openChat(page, base)
    await chat.waitForSelector('.form')
    check(await chat.locator('.form .btn').isDisabled(), 'nothing begins without consent')
    await chat.check('.agree input')
    await chat.click('.form .btn')
    await chat.waitForSelector('#bad-name')
    await axe(chat, 'pre-chat form')
    await shot(page, `visit-prechat-${locale}-${width}`)
    await chat.fill('#fld-name', 'Wang')
    await chat.click('.form .btn')
    const text = unique('from the form')
    await say(chat, text)
    await chat.waitForSelector(`.me:not(.pending) >> text=${text}`)
    const found = (await a.call('GET', '/search?q=' + encodeURIComponent(text.split(' ').at(-1))).catch(() => undefined))
    const conversation = found?.items?.[0]?.message?.conversation ?? (await a.call('GET', '/conversations?view=queue&limit=200')).items.find((c) => c.lastText === text).id
    await a.call('POST', `/conversations/${conversation}/claim`)
    await a.call('POST', `/conversations/${conversation}/survey`)
    await chat.waitForSelector('.rate')
    await chat.check('.rate .pick label:nth-child(4) input')
    await chat.check('.rate fieldset:nth-of-type(2) label:nth-child(3) input')
    await chat.fill('.rate textarea', 'slow')
    await axe(chat, 'survey')
    await shot(page, `visit-survey-${locale}-${width}`)
    await chat.click('.rate .btn:not(.quiet)')
    await chat.waitForSelector('.rate[role=status]')
    const kept = await a.call('GET', `/conversations/${conversation}/survey`)
    check(kept.level === '4' && kept.reasons[0] === '03' && kept.comment === 'slow', 'the answer is kept: ' + JSON.stringify(kept))
    await chat.click('.menu > button')
    await axe(chat, 'menu')
    const [file] = await Promise.all([page.waitForEvent('download'), chat.click('.pop button:not([data-test]) >> nth=1')])
    check(file.suggestedFilename() === 'conversation.html', 'the record has a name')
    await shot(page, `visit-menu-${locale}-${width}`)
    check(page.faults.length === 0, page.faults.join('; '))
    await a.call('POST', `/conversations/${conversation}/close`)
    await page.context().close()
  }
  await a.reset()
}

/** The looks of an inbox hold at once. */
async function looks(browser, base, a) {
  for (const [model, position] of [['bar', 'right,middle'], ['square', 'left,top'], ['round', 'left,bottom']]) {
    await a.set({ color: '#67CAFF', look: { model, position, label: { '': 'Ask us', 'zh-CN': '在线咨询' }, title: { '': 'Lamp House' }, subtitle: { '': 'Since 1950' }, contact: { name: { '': 'Lamp House' }, phone: '0571-1234' }, noVoice: true } })
    const page = await open(browser, { locale: 'zh-CN', width: 1280, height: 720 })
    await page.goto(base + '/demo/')
    const button = page.locator('parlor-chat').locator('button').first()
    await button.waitFor()
    const r = await button.boundingBox()
    const [side, height] = position.split(',')
    check(side === 'left' ? r.x < 60 : r.x + r.width > 1220, `${model} is on the ${side}: ${JSON.stringify(r)}`)
    check(height === 'top' ? r.y < 60 : height === 'middle' ? Math.abs(r.y + r.height / 2 - 360) < 80 : r.y + r.height > 660, `${model} is at the ${height}: ${JSON.stringify(r)}`)
    await until(async () => (await button.innerText()).includes('在线咨询'), 'the label is there')
    await shot(page, 'visit-look-' + model)
    const chat = await openChat(page, base)
    await until(async () => (await chat.innerText('h1')).includes('Lamp House'), 'the title is there')
    await axe(chat, 'panel in its own colours')
    await shot(page, 'visit-look-' + model + '-open')
    await page.context().close()
  }
  await a.reset()
}

/** /im/index and the old embed script. */
async function full(browser, base) {
  for (const [theme, width] of [['light', 850], ['dark', 390]]) {
    const page = await open(browser, { locale: 'zh-CN', theme, width, height: 720 })
    await page.goto(base + '/im/text/main?product=%E5%8F%B0%E7%81%AF&description=%E6%9A%96%E5%85%89&title=x')
    await page.waitForURL(/\/im\/index\?/)
    await page.waitForSelector('.panel')
    await page.waitForSelector('textarea, .form, .foot')
    await axe(page, 'chat as a page')
    await shot(page, 'visit-full-' + width)
    check(page.faults.length === 0, page.faults.join('; '))
    await page.context().close()
  }
  const page = await open(browser, { locale: 'zh-CN' })
  await page.context().route('http://shop.test/**', (route) => route.fulfill({ contentType: 'text/html', body: `<!doctype html><html lang="zh"><title>店</title><h1>店</h1><script defer src="${base}/im/main.html"></script></html>` }))
  await page.goto('http://shop.test/')
  await page.waitForSelector('#ukefu-point')
  const [popup] = await Promise.all([page.waitForEvent('popup'), page.click('#ukefu-point')])
  await popup.waitForSelector('.panel')
  await until(async () => (await popup.evaluate(() => globalThis.name)) === 'ukefu-chat', 'the window has its name')
  await page.evaluate(() => globalThis.ukefu.writeinvite())
  await page.waitForSelector('#ukefu-invite-dialog #ichatContent')
  await axe(page, 'page with the old script')
  await shot(page, 'visit-ukefu')
  await page.context().close()
}
