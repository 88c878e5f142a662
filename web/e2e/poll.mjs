// Where no WebSocket gets through, both sides talk by long-polling.
import { check, open, openChat, say, signIn, unique } from './lib.mjs'

export async function poll(browser, base) {
  const agent = await open(browser)
  const visitor = await open(browser, { width: 1280, height: 800 })
  const polls = []
  for (const page of [agent, visitor]) {
    await page.context().routeWebSocket(/\/socket\.io\//, (ws) => void ws.close())
    page.on('request', (r) => { if (r.url().includes('transport=polling')) polls.push(r.method()) })
  }
  await signIn(agent, base, '/console/inbox/all')
  const chat = await openChat(visitor, base)
  const text = unique('只能轮询')
  await say(chat, text)
  await chat.waitForSelector(`.me:not(.pending) >> text=${text}`, { timeout: 20_000 })
  await agent.click(`[role=option]:has-text("${text}")`, { timeout: 20_000 })
  const take = agent.locator('header button:has-text("接待")')
  if (await take.count()) await take.click()
  const box = agent.locator('textarea[placeholder^="输入回复"]')
  const answer = unique('收到')
  await box.fill(answer)
  await box.press('Enter')
  await chat.waitForSelector(`.them >> text=${answer}`, { timeout: 20_000 })
  check(polls.includes('GET') && polls.includes('POST'), 'it was polling')
  await agent.context().close()
  await visitor.context().close()
}
