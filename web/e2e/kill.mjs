// A Chinese conversation with a picture, in the middle of which the server is
// killed with SIGKILL and started again: nothing is lost, nothing comes twice,
// and both sides go on by themselves.
import { admin } from './visit.mjs'
import { check, launch, open, openChat, PNG, say, shot, signIn, unique, until } from './lib.mjs'

/** The texts of a log that carry the run's mark, in order. */
const texts = (frame, selector, mark) => frame.locator(selector).allTextContents().then((all) => all.map((t) => t.trim()).filter((t) => t.includes(mark)))

export async function kill(server) {
  const browser = await launch()
  await (await admin(server.url)).clear()
  const agent = await open(browser)
  const visitor = await open(browser, { width: 1280, height: 800 })
  await signIn(agent, server.url)
  await agent.click('[data-test=state]')
  await agent.click('[role=menuitem]:has-text("就绪")')

  const chat = await openChat(visitor, server.url, '/demo/')
  const mark = unique('').trim()
  const want = []
  const visitorSays = async (text) => {
    want.push(`${text} ${mark}`)
    await say(chat, want.at(-1))
  }
  await visitorSays('你好，想看一下极光台灯')
  await agent.click(`[role=option]:has-text("${mark}")`)
  const box = agent.locator('textarea[placeholder^="输入回复"]')
  const agentSays = async (text) => {
    want.push(`${text} ${mark}`)
    await box.fill(want.at(-1))
    await box.press('Enter')
    await chat.waitForSelector(`.them >> text=${want.at(-1)}`)
  }
  await agent.waitForSelector(`[role=log] >> text=${want[0]}`)
  await agentSays('您好，有现货')
  await chat.setInputFiles('input[type=file]', { name: '客厅.png', mimeType: 'image/png', buffer: PNG })
  await agent.waitForSelector('[role=log] button[aria-label="查看大图 客厅.png"]')

  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 4; i++) await visitorSays(`第${round}轮第${i}条`)
    // No waiting: some of these are on their way when it dies.
    await server.kill9()
    await chat.waitForSelector('.bar.warn')
    await visitorSays(`第${round}轮断线时写的`)
    await agent.waitForSelector('[role=status]:has-text("正在重新连接")')
    if (round === 0) {
      await shot(visitor, 'kill-visitor-offline')
      await shot(agent, 'kill-agent-offline')
    }
    await server.start()
    await chat.waitForSelector('.bar.warn', { state: 'detached', timeout: 60_000 })
    await until(async () => (await chat.locator('.me.pending').count()) === 0, 'everything written has been sent', 60_000)
    await until(async () => (await texts(agent, '[role=log] div.whitespace-pre-wrap', mark)).length >= want.length, 'the agent has everything', 60_000)
    await agentSays(`第${round}轮收到`)
  }

  const seenByVisitor = await texts(chat, '.bubble', mark)
  const seenByAgent = await texts(agent, '[role=log] div.whitespace-pre-wrap', mark)
  check(new Set(seenByVisitor).size === seenByVisitor.length, `the visitor sees a message twice: ${seenByVisitor}`)
  check([...seenByVisitor].sort().join('\n') === [...want].sort().join('\n'), `the visitor sees ${seenByVisitor}, written was ${want}`)
  check(seenByAgent.join('\n') === seenByVisitor.join('\n'), `the agent sees another order: ${seenByAgent} and ${seenByVisitor}`)
  await agent.waitForSelector('[role=log] button[aria-label="查看大图 客厅.png"] img')

  // A reload reads it all again from the server.
  await agent.reload()
  await agent.waitForSelector(`[role=log] >> text=${want.at(-1)}`)
  check((await texts(agent, '[role=log] div.whitespace-pre-wrap', mark)).join('\n') === seenByVisitor.join('\n'), 'the agent sees another conversation after a reload')
  await browser.close()
}
