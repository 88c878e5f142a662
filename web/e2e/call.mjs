// A call between visitor and agent with the browser's own test picture: the seven acceptance tests of picture in
// picture, calls from either side, a lost connection, and how it looks.
import { axe, check, network, open, openChat, say, shot, signIn, unique, until } from './lib.mjs'
import { admin } from './visit.mjs'

/** Counts how often camera and microphone are asked for, in every frame of the page. */
const COUNT = `{ const d = navigator.mediaDevices; if (d) { const own = d.getUserMedia.bind(d); window.asked = 0; d.getUserMedia = (c) => { window.asked++; return own(c) } } }`
export const live = (at) => at.waitForSelector('[data-test=call][data-phase=connected]', { timeout: 20_000 })
/** What flows: the ids of the pictures' tracks, and whether they move. */
const flow = (frame) => frame.evaluate(() => [...document.querySelectorAll('[data-test=call] video')].map((v) => ({ tracks: v.srcObject.getTracks().map((t) => t.id + t.readyState).sort().join(), width: v.videoWidth, time: v.currentTime })))
const seconds = async (at) => { const [m, s] = (await at.textContent()).match(/(\d+):(\d\d)/).slice(1).map(Number); return m * 60 + s }
export const moving = async (frame, what) => {
  await until(async () => (await flow(frame)).every((v) => v.width > 0), what + ': both pictures')
  const before = await flow(frame)
  await until(async () => (await flow(frame)).every((v, i) => v.time > before[i].time), what + ': the pictures move')
}

export async function meet(browser, base, looks, visitorLooks = looks, script = '') {
  const agent = await open(browser, looks)
  const visitor = await open(browser, visitorLooks)
  for (const page of [visitor, agent]) await page.addInitScript(COUNT + script)
  await signIn(agent, base)
  const line = await network(visitor)
  const chat = await openChat(visitor, base)
  const hello = unique('call')
  await say(chat, hello)
  await agent.click(`[role=option]:has-text("${hello}")`)
  await agent.waitForSelector('[role=log]')
  return { agent, visitor, chat, line, id: agent.url().split('/').pop().split('?')[0] }
}
export const invite = async (agent, kind) => {
  const button = agent.locator(`[data-test=call-${kind}]`).first()
  if (await button.isVisible()) return button.click()
  await agent.click('[aria-label="更多操作"], [aria-label="More actions"], [aria-label="Mais ações"]')
  await agent.click(`[role=menuitem] >> nth=${kind === 'voice' ? 1 : 2}`)
}

export async function call(browser, base, mock) {
  if (mock) return console.log('     needs a real server: PARLOR_E2E_URL')
  const a = await admin(base)
  const ready = await open(browser)
  await signIn(ready, base)
  await ready.click('[data-test=state]')
  await ready.click('[role=menuitem]:has-text("就绪")')
  const { agent, visitor, chat, line, id } = await meet(browser, base, {}, { width: 1280, height: 860 })
  await ready.context().close()

  // The agent invites; the visitor sees who calls and how long there is to answer.
  await invite(agent, 'video')
  await chat.waitForSelector('[data-test=ringing] >> text=邀请您视频通话')
  await agent.waitForSelector('[data-test=ringing] >> text=对方正在响铃')
  await shot(visitor, 'call-widget-rings')
  await shot(agent, 'call-console-rings')
  await axe(chat, 'a call that rings')
  await axe(agent, 'a call that goes out')
  await chat.click('[data-test=accept]')
  await Promise.all([live(chat), live(agent)])
  await moving(chat, 'the visitor')
  await moving(agent, 'the agent')
  await until(async () => /质量/.test(await agent.textContent('[data-test=status]')), 'the quality of the call')
  await shot(visitor, 'call-widget-full')
  await shot(agent, 'call-console')
  await axe(chat, 'a call, whole panel')
  await axe(agent, 'a call in the console')

  // 1 and 7: the form changes, and tracks, time and mute stay; nobody is asked for the camera again.
  await chat.click('[data-test=mute]')
  await agent.waitForSelector('[data-test=call] >> text=访客已静音')
  const before = await flow(chat)
  const clock = await seconds(chat.locator('[data-test=time]'))
  const same = async (what) => {
    check((await flow(chat)).map((v) => v.tracks).join() === before.map((v) => v.tracks).join(), what + ': the tracks are the same')
    check((await chat.getAttribute('[data-test=mute]', 'aria-pressed')) === 'true', what + ': still muted')
    check((await chat.evaluate('window.asked')) === 1, what + ': camera and microphone are asked for once')
  }
  await chat.click('[data-test=pip]')
  await chat.waitForSelector('.call.half')
  await same('half screen')
  check((await seconds(chat.locator('[data-test=time]'))) >= clock, 'the time goes on')

  // 2: the messages and the field stay in use beside the half screen.
  const box = await chat.locator('.call.half').boundingBox()
  for (const part of ['.log', 'textarea']) await until(async () => (await chat.locator(part).boundingBox()).y >= box.y + box.height - 1, part + ' lies below the call')
  const said = unique('我能边看边写')
  await say(chat, said)
  await agent.waitForSelector(`[role=log] >> text=${said}`)
  await moving(chat, 'half screen')
  await shot(visitor, 'call-widget-half')
  await axe(chat, 'a call, half screen')

  // 4: what comes in is still told: beside the messages, on the whole screen, and to the page that holds the chat.
  const tell = async (text) => {
    await agent.fill('textarea', text)
    await agent.keyboard.press('Enter')
  }
  await visitor.evaluate(() => { window.told = 0; window.Parlor('on', 'message', () => { window.told++ }) })
  const answer = unique('请看屏幕')
  await tell(answer)
  await chat.waitForSelector(`.log >> text=${answer}`)
  await chat.click('[data-test=pip]')
  await chat.waitForSelector('.call.full')
  await tell(unique('还有一条'))
  await chat.waitForSelector('[data-test=pip] i:has-text("1")')
  await until(async () => (await visitor.evaluate('window.told')) === 2, 'the page hears of messages')
  await same('whole screen')

  // 3: the icon shows the time, can be moved, and stays while one looks at other parts of the chat.
  await chat.click('[data-test=minimise]')
  const dot = chat.locator('[data-test=dot]')
  await dot.waitFor()
  const [at, started] = [await dot.boundingBox(), await seconds(dot)]
  await visitor.mouse.move(at.x + 20, at.y + 10)
  await visitor.mouse.down()
  for (let i = 1; i <= 8; i++) await visitor.mouse.move(at.x + 20 - i * 15, at.y + 10 + i * 20)
  await visitor.mouse.up()
  const moved = await dot.boundingBox()
  check(Math.abs(moved.x - at.x + 120) < 5 && Math.abs(moved.y - at.y - 160) < 5, 'the icon goes where it is dragged')
  await chat.click('[aria-label="更多"]')
  await chat.click('.pop button:has-text("历史会话")')
  await chat.waitForSelector('h1:has-text("历史会话")')
  check(await dot.isVisible(), 'the icon stays in the history')
  await until(async () => (await seconds(dot)) > started, 'its time goes on')
  await shot(visitor, 'call-widget-icon')
  await axe(chat, 'a call as an icon')
  await chat.click('header [aria-label="返回"]')
  await dot.click()
  await chat.waitForSelector('.call.half')
  await same('after the icon')
  await moving(chat, 'after the icon')

  // 6: where the browser has its own picture in picture, it may be used too.
  if (await chat.evaluate('document.pictureInPictureEnabled')) {
    await chat.click('[data-test=out]')
    await until(() => chat.evaluate('!!document.pictureInPictureElement'), 'the browser\'s picture in picture')
    await chat.evaluate('document.exitPictureInPicture()')
    await same('after the browser\'s picture in picture')
  }

  // The pictures change places; the agent shows a screen, and the camera comes back.
  await chat.click('[data-test=swap]')
  await moving(chat, 'swapped')
  await agent.click('[data-test=call-camera]')
  await chat.waitForSelector('[data-test=call] .none')
  await agent.click('[data-test=call-camera]')
  await agent.click('[data-test=call-size]')
  await shot(agent, 'call-console-large')
  await agent.click('[data-test=call-size]')

  // The visitor's connection is lost and comes back: signals pass again.
  line.down()
  await chat.waitForSelector('.bar.warn', { state: 'attached' })
  await agent.click('[data-test=call-mute]')
  line.up()
  await chat.waitForSelector('[data-test=call] >> text=对方已静音', { timeout: 25_000 })
  await moving(chat, 'after the connection was lost')
  await same('after the connection was lost')

  // 5: the other side hangs up while the call is an icon, and nothing of it stays.
  await chat.click('[data-test=minimise]')
  await dot.waitFor()
  await agent.click('[data-test=call-end]')
  await until(async () => (await chat.locator('.call').count()) === 0, 'every form is gone')
  await until(async () => !(await chat.evaluate(() => document.documentElement.classList.contains('halved'))), 'the chat has its whole room again')
  await agent.waitForSelector('[role=log] >> text=通话结束')
  const list = (await a.call('GET', `/conversations/${id}/calls`)).items
  check(list.length === 1 && list[0].state === 'TERMINATED' && list[0].endedBy === 'agent' && list[0].duration > 0 && list[0].agentQuality.rtt >= 0, 'the call is on record')

  // A call from the visitor, voice only, declined and taken; it ends with the conversation.
  await chat.click('[aria-label="更多"]')
  await chat.click('[data-test=call-voice]')
  await agent.waitForSelector('[data-test=ringing] >> text=来电')
  await agent.click('[data-test=call-refuse]')
  await chat.waitForSelector('text=通话已被拒绝')
  await chat.click('[aria-label="更多"]')
  await chat.click('[data-test=call-voice]')
  await agent.click('[data-test=call-accept]')
  await Promise.all([live(chat), live(agent)])
  await shot(visitor, 'call-widget-voice')
  await agent.reload()
  await agent.click('[data-test=call-accept]')
  await Promise.all([live(chat), live(agent)])
  await a.call('POST', `/conversations/${id}/close`)
  await until(async () => (await chat.locator('.call').count()) === 0 && (await agent.locator('[data-test=call]').count()) === 0, 'the call ends with the conversation')
  check(!agent.faults.length && !visitor.faults.length, 'faults: ' + [...agent.faults, ...visitor.faults].join('; '))
  await agent.context().close()
  await visitor.context().close()
  await relayed(browser, base, a)
  await looks(browser, base, a)
}

/** Holds the connections of a page back to relays, and keeps them where tests find them. */
export const RELAY = `{ const Own = RTCPeerConnection; window.ways = []; window.RTCPeerConnection = class extends Own { constructor(c) { super({ ...c, iceTransportPolicy: 'relay' }); window.ways.push(this) } } }`
const ufrag = (frame) => frame.evaluate(() => /a=ice-ufrag:(\S+)/.exec(ways.at(-1).localDescription.sdp)[1])
/** Lets a page believe that its way is gone, until it has looked for another. */
export async function cut(frame, what) {
  const before = await ufrag(frame)
  await frame.evaluate(() => {
    const pc = ways.at(-1)
    Object.defineProperty(pc, 'connectionState', { get: () => 'failed', configurable: true })
    pc.dispatchEvent(new Event('connectionstatechange'))
  })
  await until(async () => (await ufrag(frame)) !== before, what + ': another way is looked for')
  await frame.evaluate(() => {
    const pc = ways.at(-1)
    delete pc.connectionState
    pc.dispatchEvent(new Event('connectionstatechange'))
  })
  await live(frame)
}

/** Where no packet passes directly, the built-in relay carries the call; a way that is lost is found again. */
async function relayed(browser, base, a) {
  const { agent, visitor, chat, id } = await meet(browser, base, {}, { width: 1280, height: 860 }, RELAY)
  await invite(agent, 'video')
  await chat.click('[data-test=accept]')
  await Promise.all([live(chat), live(agent)])
  await moving(chat, 'the visitor, relayed')
  await moving(agent, 'the agent, relayed')
  for (const frame of [agent, chat]) {
    await cut(frame, 'relayed')
    await moving(chat, 'the visitor, after another way')
    await moving(agent, 'the agent, after another way')
  }
  let quality
  await until(async () => { quality = (await a.call('GET', `/conversations/${id}/calls`)).items[0].agentQuality; return quality?.relayed }, 'the quality says that a relay carries it')
  await agent.click('[data-test=call-end]')
  await a.call('POST', `/conversations/${id}/close`)
  check(!agent.faults.length && !visitor.faults.length, 'faults: ' + [...agent.faults, ...visitor.faults].join('; '))
  await agent.context().close()
  await visitor.context().close()
}

/** Phone and tablet, both themes, the other languages. */
async function looks(browser, base, a) {
  for (const [theme, locale, width, height] of [['dark', 'en', 390, 844], ['light', 'pt-BR', 1024, 768], ['dark', 'zh-CN', 1440, 900]]) {
    const { agent, visitor, chat, id } = await meet(browser, base, { theme, locale, width, height })
    const tag = `${theme}-${locale}-${width}`
    await invite(agent, 'video')
    await chat.waitForSelector('[data-test=accept]')
    await shot(visitor, `call-widget-rings-${tag}`)
    await axe(chat, `ringing, ${tag}`)
    await chat.click('[data-test=accept]')
    await Promise.all([live(chat), live(agent)])
    await moving(agent, tag)
    await shot(agent, `call-console-${tag}`)
    await shot(visitor, `call-widget-full-${tag}`)
    await axe(agent, `a call, ${tag}`)
    await chat.click('[data-test=pip]')
    await chat.waitForSelector('.call.half')
    await shot(visitor, `call-widget-half-${tag}`)
    await axe(chat, `half screen, ${tag}`)
    await chat.click('[data-test=minimise]')
    await chat.waitForSelector('[data-test=dot]')
    await shot(visitor, `call-widget-icon-${tag}`)
    await chat.click('[data-test=dot]')
    await chat.click('[data-test=hangup]')
    await until(async () => (await agent.locator('[data-test=call]').count()) === 0, 'the end')
    await a.call('POST', `/conversations/${id}/close`)
    check(!agent.faults.length && !visitor.faults.length, 'faults: ' + [...agent.faults, ...visitor.faults].join('; '))
    await agent.context().close()
    await visitor.context().close()
  }
}
