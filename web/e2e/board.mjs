// The whiteboard of a call, which both sides draw on and which survives that either is loaded again, and the agent's
// hand on the visitor's microphone and camera.
import { axe, check, open, panelOf, shot, signIn, until } from './lib.mjs'
import { invite, live, meet } from './call.mjs'
import { plan } from './picture.mjs'
import { admin } from './visit.mjs'

const CANVAS = '[data-test=whiteboard] canvas'
const shown = (at) => at.waitForSelector('[data-test=whiteboard]:visible canvas[data-count]')
const seen = (at) => at.locator(CANVAS).evaluate((c) => ({ count: Number(c.dataset.count), page: Number(c.dataset.page) }))
/** What colour a place of the board has, from 0 to 1. */
const colour = (at, x, y) => at.locator(CANVAS).evaluate((c, [u, v]) => [...c.getContext('2d').getImageData(Math.round(u * c.width), Math.round(v * c.height), 1, 1).data].slice(0, 3).join(), [x, y])
/** Waits until a side shows so many elements, on this page. */
const stands = (at, count, page, what) => until(async () => { const s = await seen(at); return s.count === count && s.page === page }, what)

/** Draws over the board; places go from 0 to 1. `hold` keeps the button down. */
async function drag(page, at, from, to, hold = false) {
  const b = await at.locator(CANVAS).boundingBox()
  const place = ([x, y]) => [b.x + b.width * x, b.y + b.height * y]
  await page.mouse.move(...place(from))
  await page.mouse.down()
  for (let i = 1; i <= 8; i++) await page.mouse.move(...place([from[0] + ((to[0] - from[0]) * i) / 8, from[1] + ((to[1] - from[1]) * i) / 8]))
  if (!hold) await page.mouse.up()
}
/** The same with a finger. */
async function finger(page, at, from, to) {
  const b = await at.locator(CANVAS).boundingBox()
  const cdp = await page.context().newCDPSession(page)
  const touch = (type, part) => cdp.send('Input.dispatchTouchEvent', { type, touchPoints: part === undefined ? [] : [{ x: b.x + b.width * (from[0] + (to[0] - from[0]) * part), y: b.y + b.height * (from[1] + (to[1] - from[1]) * part) }] })
  await touch('touchStart', 0)
  for (let i = 1; i <= 8; i++) await touch('touchMove', i / 8)
  await touch('touchEnd')
  await cdp.detach()
}
const tool = (at, name) => at.click(`[data-test=board-${name}]`)
const WHITE = '255,255,255'

export async function board(browser, base, mock) {
  if (mock) return console.log('     needs a real server: PARLOR_E2E_URL')
  const a = await admin(base)
  const ready = await open(browser)
  await signIn(ready, base)
  await ready.click('[data-test=state]')
  await ready.click('[role=menuitem]:has-text("就绪")')
  await draws(browser, base, a)
  await looks(browser, base, a)
  await ready.context().close()
}

async function draws(browser, base, a) {
  const { agent, visitor, chat: first, line, id } = await meet(browser, base, {}, { width: 1280, height: 860 })
  let chat = first
  await invite(agent, 'video')
  await chat.click('[data-test=accept]')
  await Promise.all([live(chat), live(agent)])

  await devices(agent, chat, visitor)

  // The agent opens the board, and it is shown to both; what is being drawn shows before it is done.
  await agent.click('[data-test=call-board]')
  await Promise.all([shown(agent), shown(chat)])
  await agent.waitForSelector('[role=log] >> text=打开了白板')
  await agent.click('[data-test=whiteboard] [aria-label="红色"]')
  await agent.click('[data-test=whiteboard] [aria-label="粗"]')
  await drag(agent, agent, [0.2, 0.5], [0.6, 0.5], true)
  await until(async () => (await colour(chat, 0.3, 0.5)) === '229,72,77', 'the line that the agent is drawing')
  await agent.mouse.up()
  await stands(chat, 1, 1, 'the line of the agent')
  await until(async () => (await colour(chat, 0.4, 0.5)) === '229,72,77' && (await colour(chat, 0.4, 0.6)) === WHITE, 'the visitor sees the line where the agent drew it')

  // The visitor draws and writes; each undoes what is its own, and the visitor erases no line of the agent's.
  await tool(chat, 'rectangle')
  await drag(visitor, chat, [0.1, 0.1], [0.4, 0.3])
  await stands(agent, 2, 1, 'the rectangle of the visitor')
  await tool(chat, 'text')
  await drag(visitor, chat, [0.5, 0.2], [0.5, 0.2])
  await chat.fill('[data-test=board-text]', '这里')
  await chat.press('[data-test=board-text]', 'Enter')
  await stands(agent, 3, 1, 'the text of the visitor')
  await tool(chat, 'eraser')
  await drag(visitor, chat, [0.4, 0.45], [0.4, 0.55])
  await drag(visitor, chat, [0.25, 0.05], [0.25, 0.15])
  await stands(agent, 2, 1, 'the visitor erases its rectangle')
  check((await colour(agent, 0.4, 0.5)) === '229,72,77', 'the line of the agent stays')
  await tool(agent, 'arrow')
  await drag(agent, agent, [0.7, 0.7], [0.9, 0.9])
  await stands(chat, 3, 1, 'the arrow')
  await tool(chat, 'undo')
  await stands(agent, 2, 1, 'the visitor takes its text back')
  await shot(agent, 'board-console')
  await shot(visitor, 'board-widget')
  await axe(agent, 'a whiteboard in the console')
  await axe(chat, 'a whiteboard in the widget')

  // A picture of the visitor becomes a page, which the agent turns; the agent saves it into the conversation.
  await chat.setInputFiles('[data-test=board-file]', { name: 'plan.png', mimeType: 'image/png', buffer: plan() })
  await Promise.all([stands(agent, 0, 2, 'the page of the visitor'), stands(chat, 0, 2, 'the page is shown to both')])
  // The plan has a wall there.
  for (const at of [agent, chat]) await until(async () => (await colour(at, 0.422, 0.3)) === '70,70,70', 'the picture of the page')
  await tool(agent, 'line')
  await drag(agent, agent, [0.1, 0.8], [0.9, 0.8])
  await stands(chat, 1, 2, 'a line on the picture')
  await agent.click('[data-test=board-save]')
  const sent = () => chat.locator('.log img').count()
  const pictures = await sent()
  await until(async () => (await sent()) > pictures || (await a.call('GET', `/conversations/${id}/messages?limit=50`)).items.some((m) => m.kind === 'image'), 'the board in the conversation')
  await agent.click('[data-test=board-back]')
  await stands(chat, 2, 1, 'the first page')

  // What is drawn while there is no connection comes when it is back.
  line.down()
  await chat.waitForSelector('.bar.warn', { state: 'attached' })
  await tool(chat, 'ellipse')
  await drag(visitor, chat, [0.7, 0.1], [0.9, 0.3])
  await tool(agent, 'line')
  await drag(agent, agent, [0.1, 0.9], [0.3, 0.9])
  line.up()
  await Promise.all([until(async () => (await seen(agent)).count === 4, 'the ellipse of the visitor', 25_000), until(async () => (await seen(chat)).count === 4, 'the line of the agent', 25_000)])

  // The visitor's page is loaded again, then the agent's: the board is there with all its pages. A page that keeps no copy is told by the other.
  await visitor.evaluate(() => { for (const f of document.querySelectorAll('iframe')) f.contentWindow?.sessionStorage?.clear() })
  await visitor.reload()
  chat = await panelOf(visitor)
  await chat.evaluate(() => sessionStorage.clear())
  await chat.click('[data-test=accept]')
  await Promise.all([live(chat), shown(chat)])
  await stands(chat, 4, 1, 'the board after the visitor\'s reload')
  await until(async () => (await colour(chat, 0.3, 0.5)) === '229,72,77', 'the line is where it was')
  await agent.reload()
  await agent.click('[data-test=call-accept]')
  await Promise.all([live(agent), shown(agent)])
  await stands(agent, 4, 1, 'the board after the agent\'s reload')
  await agent.click('[data-test=board-forward]')
  await Promise.all([stands(chat, 1, 2, 'the second page'), stands(agent, 1, 2, 'the second page of the agent')])
  await agent.click('[data-test=board-back]')

  // The agent clears the page for both; the visitor hides the board and sees the pictures.
  await agent.click('[data-test=board-clear]')
  await agent.click('[data-test=board-clear-sure]')
  await stands(chat, 0, 1, 'the page is empty')
  await tool(chat, 'pen')
  await drag(visitor, chat, [0.2, 0.2], [0.4, 0.4])
  await stands(agent, 1, 1, 'what is drawn after clearing')
  await chat.click('[data-test=board]')
  await chat.waitForSelector('[data-test=whiteboard]', { state: 'hidden' })
  await agent.click('[data-test=call-end]')
  await until(async () => (await chat.locator('.call').count()) === 0, 'the board ends with the call')
  check((await chat.evaluate(() => Object.keys(sessionStorage).filter((k) => k.startsWith('parlor-board-')).length)) === 0, 'no copy stays')
  await a.call('POST', `/conversations/${id}/close`)
  check(!agent.faults.length && !visitor.faults.length, 'faults: ' + [...agent.faults, ...visitor.faults].join('; '))
  await agent.context().close()
  await visitor.context().close()
}

/** The agent switches the visitor's devices off at once; on wants the visitor's consent. */
async function devices(agent, chat, visitor) {
  // The second picture is the visitor's own.
  const track = (kind) => chat.evaluate((k) => [...document.querySelectorAll('[data-test=call] video')][1].srcObject.getTracks().find((t) => t.kind === k).enabled, kind)
  const state = (id, on) => agent.waitForSelector(`[data-test=device-${id}][data-on=${on}]`)
  await until(() => track('audio'), 'the microphone is on')
  await agent.click('[data-test=device-microphone]')
  await state('microphone', false)
  check(!(await track('audio')), 'the microphone is off at once')
  await chat.waitForSelector('[data-test=notice] >> text=关闭了您的麦克风')
  await shot(visitor, 'call-widget-notice')
  await chat.click('[data-test=notice-close]')
  // On: not before the visitor says so, and not at all if the visitor does not want to.
  await agent.click('[data-test=device-microphone]')
  await chat.waitForSelector('[data-test=consent]')
  check(!(await track('audio')), 'the microphone stays off until the visitor consents')
  await shot(visitor, 'call-widget-consent')
  await shot(agent, 'call-console-asked')
  await axe(chat, 'a request for the microphone')
  await axe(agent, 'the devices of the visitor')
  await chat.click('[data-test=notice-close]')
  await agent.waitForSelector('text=访客没有打开麦克风')
  check(!(await track('audio')), 'the microphone stays off')
  await agent.click('[data-test=device-microphone]')
  await chat.click('[data-test=consent]')
  await state('microphone', true)
  await until(() => track('audio'), 'the microphone is on again')
  await agent.click('[data-test=device-camera]')
  await state('camera', false)
  check(!(await track('video')), 'the camera is off')
  await agent.click('[data-test=device-camera]')
  await chat.click('[data-test=consent]')
  await state('camera', true)
  await until(() => track('video'), 'the camera is on again')
}

/** Phone and tablet, both themes, the other languages, with a finger on phones; the last call is recorded. */
async function looks(browser, base, a) {
  for (const [theme, locale, width, height, record] of [['dark', 'en', 390, 844], ['light', 'pt-BR', 390, 844], ['dark', 'zh-CN', 1440, 900], ['light', 'en', 1024, 768, true]]) {
    // What is recorded passes through the server; board and devices pass beside it.
    if (record) await a.set({ calls: { record: true, keepDays: 1 } })
    const { agent, visitor, chat, id } = await meet(browser, base, { theme, locale, width, height, touch: width < 500 })
    const tag = `${theme}-${locale}-${width}`
    await invite(agent, 'video')
    await chat.click('[data-test=accept]')
    await Promise.all([live(chat), live(agent)])
    if (record) await chat.waitForSelector('[data-test=recorded]')
    await agent.waitForSelector('[data-test=device-camera]')
    await shot(agent, `call-console-devices-${tag}`)
    await agent.click('[data-test=device-camera]')
    await chat.waitForSelector('[data-test=notice]')
    await agent.click('[data-test=device-camera]')
    await chat.waitForSelector('[data-test=consent]')
    await shot(visitor, `call-widget-consent-${tag}`)
    await chat.click('[data-test=consent]')
    // This time the visitor opens it.
    await chat.click('[data-test=board]')
    await Promise.all([shown(agent), shown(chat)])
    await (width < 500 ? finger : drag)(visitor, chat, [0.1, 0.1], [0.8, 0.6])
    await tool(agent, 'ellipse')
    await drag(agent, agent, [0.3, 0.3], [0.9, 0.9])
    await Promise.all([stands(agent, 2, 1, tag), stands(chat, 2, 1, tag)])
    await shot(agent, `board-console-${tag}`)
    await shot(visitor, `board-widget-${tag}`)
    await axe(agent, `a whiteboard, ${tag}`)
    await axe(chat, `a whiteboard in the widget, ${tag}`)
    for (const at of [agent, chat]) check(await at.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than the screen, ' + tag)
    await chat.click('[data-test=hangup]')
    await until(async () => (await agent.locator('[data-test=call]').count()) === 0, 'the end')
    await a.call('POST', `/conversations/${id}/close`)
    check(!agent.faults.length && !visitor.faults.length, 'faults: ' + [...agent.faults, ...visitor.faults].join('; '))
    await agent.context().close()
    await visitor.context().close()
    if (record) await a.reset()
  }
}
