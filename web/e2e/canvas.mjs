// A picture that visitor and agent draw on together, until the end of the conversation.
import { axe, check, open, openChat, panelOf, say, shot, signIn, unique, until } from './lib.mjs'
import { plan } from './picture.mjs'
import { admin } from './visit.mjs'

const marks = (at) => at.locator('svg[aria-hidden] > path[stroke]').count()

/** Draws a line over the picture; parts go from 0 to 1. `hold` keeps the button down. */
async function line(page, svg, from, to, hold = false) {
  const b = await svg.boundingBox()
  const at = ([x, y]) => [b.x + b.width * x, b.y + b.height * y]
  await page.mouse.move(...at(from))
  await page.mouse.down()
  for (let i = 1; i <= 8; i++) await page.mouse.move(...at([from[0] + ((to[0] - from[0]) * i) / 8, from[1] + ((to[1] - from[1]) * i) / 8]))
  if (!hold) await page.mouse.up()
}

export async function canvas(browser, base, mock) {
  if (mock) return console.log('     needs a real server: PARLOR_E2E_URL')
  const agent = await open(browser)
  const visitor = await open(browser, { width: 1280, height: 800 })
  await signIn(agent, base)
  await agent.click('[data-test=state]')
  await agent.click('[role=menuitem]:has-text("就绪")')
  let chat = await openChat(visitor, base)
  const hello = unique('这样装可以吗')
  await say(chat, hello)
  await agent.click(`[role=option]:has-text("${hello}")`)
  await chat.waitForSelector('text=为您服务')
  await chat.setInputFiles('input[type=file]', { name: 'plan.png', mimeType: 'image/png', buffer: plan() })
  const picture = agent.locator('[role=log] button[aria-label="查看大图 plan.png"]')
  await picture.waitFor()
  await picture.hover()

  // The agent begins; the visitor gets the message and opens it.
  await agent.click('[data-test=draw]')
  const dialog = agent.locator('[role=dialog]')
  const stage = dialog.locator('[data-test=stage] svg')
  await dialog.locator('[data-test=stage] img').first().waitFor()
  await until(() => dialog.locator('[data-test=tool-pen]').isEnabled(), 'the tools of the agent')
  await until(() => agent.evaluate(() => document.activeElement?.dataset.test === 'tool-pen'), 'the focus is on the first tool')
  await chat.waitForSelector('.drawn >> text=一起标注')
  await chat.click('.drawn')
  const board = chat.locator('.draw')
  const theirs = board.locator('.stage svg')
  await chat.waitForSelector('.draw .tools')

  // What is being drawn shows on the other side, and so does what is drawn.
  await line(agent, stage, [0.1, 0.2], [0.4, 0.5], true)
  await until(async () => (await marks(board)) === 1, 'the line that the agent is drawing')
  await chat.waitForSelector('.draw p:has-text("正在标注")')
  await agent.mouse.up()
  await until(async () => !(await board.locator('p').textContent()).includes('正在标注'), 'the end of the line')
  const from = Date.now()
  await line(visitor, theirs, [0.5, 0.6], [0.9, 0.7])
  await until(async () => (await marks(dialog)) === 2, 'the line of the visitor')
  check(Date.now() - from < 2_000, 'the line of the visitor took longer than two seconds')
  await agent.click('[data-test=tool-arrow]')
  await dialog.locator('[aria-label="蓝色"]').click()
  await line(agent, stage, [0.7, 0.15], [0.55, 0.45])
  await agent.click('[data-test=tool-highlighter]')
  await dialog.locator('[aria-label="琥珀色"]').click()
  await line(agent, stage, [0.45, 0.85], [0.95, 0.85])
  await chat.click('.draw [aria-label="矩形"]')
  await chat.click('.draw [aria-label="绿色"]')
  await line(visitor, theirs, [0.1, 0.6], [0.35, 0.9])
  await until(async () => (await marks(dialog)) === 5 && (await marks(board)) === 5, 'five marks on both sides')
  await axe(agent, 'drawing in the console')
  await axe(chat, 'drawing in the panel')
  await shot(agent, 'canvas-console-light')
  await shot(visitor, 'canvas-widget-light')

  // Escape closes, the focus goes back, and D opens the newest again.
  await agent.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await agent.waitForSelector('[data-test=canvas] >> text=5 处标注')
  await until(() => agent.evaluate(() => !!document.activeElement && document.activeElement !== document.body), 'the focus is back in the thread')
  await chat.press('.draw .top button', 'Escape')
  await board.waitFor({ state: 'detached' })
  check(await visitor.evaluate(() => !!document.querySelector('parlor-chat')), 'the panel stays open')
  await chat.waitForSelector('.drawn >> text=5 处标注')
  await until(() => chat.evaluate(() => document.activeElement?.classList.contains('drawn')), 'the focus is back on the message')
  await shot(agent, 'canvas-thread')
  await shot(visitor, 'canvas-log')
  await axe(agent, 'a thread with a drawing')
  await axe(chat, 'a log with a drawing')

  // The picture with everything on it is a PNG of more than the picture.
  const src = await agent.locator('[data-test=canvas] img').getAttribute('src')
  const png = await fetch(base + src)
  check(png.ok && png.headers.get('content-type') === 'image/png', 'the thumbnail is a picture')

  // A reload keeps everything.
  await agent.reload()
  await agent.waitForSelector('[data-test=canvas] >> text=5 处标注')
  await visitor.reload()
  chat = await panelOf(visitor)
  await chat.waitForSelector('.drawn >> text=5 处标注')
  await chat.click('.drawn')
  const again = chat.locator('.draw')
  await until(async () => (await marks(again)) === 5, 'the marks after the reload')
  await agent.locator('[role=log]').focus()
  await agent.keyboard.press('d')
  await until(async () => (await marks(dialog)) === 5, 'the marks in the console after the reload')

  // Each takes back its own last mark; the agent clears.
  await chat.click('.draw [data-test=undo]')
  await until(async () => (await marks(dialog)) === 4, 'the visitor has taken a mark back')
  await agent.click('[data-test=draw-undo]')
  await until(async () => (await marks(again)) === 3, 'the agent has taken a mark back')
  await agent.click('[data-test=draw-clear]')
  await agent.click('[data-test=draw-clear-sure]')
  await until(async () => (await marks(again)) === 0 && (await marks(dialog)) === 0, 'the picture is clear')
  await line(visitor, again.locator('.stage svg'), [0.2, 0.2], [0.8, 0.8])
  await until(async () => (await marks(dialog)) === 1, 'drawing goes on')

  // The end makes it read only, on both sides and on the server.
  const a = await admin(base)
  const conversation = agent.url().split('/').pop().split('?')[0]
  const id = (await a.call('GET', `/conversations/${conversation}/canvases`)).items[0].id
  await a.call('POST', `/conversations/${conversation}/close`)
  await chat.waitForSelector('.draw p:has-text("会话已结束")')
  await until(async () => !(await chat.locator('.draw .tools').count()), 'the visitor\'s tools are gone')
  await until(() => dialog.locator('[data-test=tool-pen]').isDisabled(), 'the agent\'s tools are off')
  await line(agent, stage, [0.1, 0.9], [0.5, 0.9])
  check((await marks(dialog)) === 1, 'nothing is drawn after the end')
  const late = await fetch(`${base}/api/parlor/v1/canvases/${id}/marks`, { method: 'POST', headers: { Authorization: 'Bearer ' + a.token, 'Content-Type': 'application/json' }, body: JSON.stringify({ id: 'late', tool: 'pen', colour: '#000000', width: 5, points: [0, 0, 1, 1] }) })
  check(late.status === 409, 'the server takes no more marks')
  await axe(agent, 'a drawing that is over')
  await axe(chat, 'a drawing that is over, in the panel')
  await shot(agent, 'canvas-console-over')
  await agent.keyboard.press('Escape')
  check(!agent.faults.length && !visitor.faults.length, 'faults: ' + [...agent.faults, ...visitor.faults].join('; '))
  await agent.context().close()
  await visitor.context().close()
  await looks(browser, base, a)
}

/** Phone and tablet, dark, other languages, touch; and a visitor who may only look on. */
async function looks(browser, base, a) {
  try {
    for (const [theme, locale, width, height, draws] of [['dark', 'en', 390, 844, true], ['light', 'pt-BR', 1024, 768, false]]) {
      await a.set({ canvas: { visitorDraws: draws }, offline: { disabled: true } })
      const touch = width < 500
      const agent = await open(browser, { theme, locale, width, height, touch })
      const visitor = await open(browser, { theme, locale, width, height, touch })
      await signIn(agent, base)
      const chat = await openChat(visitor, base)
      const hello = unique('plan')
      await say(chat, hello)
      await agent.click(`[role=option]:has-text("${hello}")`)
      await chat.setInputFiles('input[type=file]', { name: 'plan.png', mimeType: 'image/png', buffer: plan(600, 800) })
      await agent.locator('[role=log] button[aria-label$="plan.png"]').click()
      await agent.locator('[role=dialog] button.btn').first().click()
      const dialog = agent.locator('[role=dialog]')
      await until(() => dialog.locator('[data-test=tool-pen]').isEnabled(), 'the tools')
      await chat.click('.drawn')
      await chat.waitForSelector('.draw .stage img')
      const svg = dialog.locator('[data-test=stage] svg')
      await line(agent, svg, [0.2, 0.2], [0.8, 0.4])
      await until(async () => (await marks(chat.locator('.draw'))) === 1, 'the mark on the phone')
      await until(async () => ((await chat.locator('.draw .tools').count()) === 1) === draws, 'the visitor has tools only if it may draw')
      await line(visitor, chat.locator('.draw .stage svg'), [0.3, 0.6], [0.7, 0.8])
      if (draws) await until(async () => (await marks(dialog)) === 2, 'the visitor\'s mark')
      else check((await marks(dialog)) === 1, 'who looks on draws nothing')
      for (const [page, name] of [[agent, 'console'], [visitor, 'widget']]) await shot(page, `canvas-${name}-${theme}-${locale}-${width}`)
      await axe(agent, `drawing, ${theme} ${locale} ${width}`)
      await axe(chat, `drawing in the panel, ${theme} ${locale} ${width}`)
      await a.call('POST', `/conversations/${agent.url().split('/').pop().split('?')[0]}/close`)
      check(!agent.faults.length && !visitor.faults.length, 'faults: ' + [...agent.faults, ...visitor.faults].join('; '))
      await agent.context().close()
      await visitor.context().close()
    }
  } finally {
    await a.reset()
  }
}
