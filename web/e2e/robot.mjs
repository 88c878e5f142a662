// A robot before people: an administrator writes an article and makes a robot; visitors are greeted, choose, ask, rate,
// and come to an agent after nonsense, by the button and by a word.
import { axe, check, open, openChat, panelOf, say, shot, signIn, unique, until } from './lib.mjs'
import { admin } from './visit.mjs'

async function article(page, base, title) {
  await page.goto(base + '/console/admin/knowledge/new')
  await page.getByLabel('Question').fill(title)
  for (const w of ['这个灯能不能水洗', '灯罩怎么清洁']) {
    await page.getByRole('button', { name: 'Add a wording' }).click()
    await page.locator('[data-test=wording] input').last().fill(w)
  }
  await page.getByLabel('Answer').fill('灯罩可以拆下水洗，晾干后再装回。\n灯体请用干布擦拭。')
  await axe(page, 'a new article')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.waitForURL((u) => !u.pathname.endsWith('/new'))
  const id = new URL(page.url()).pathname.split('/').pop()
  await page.goto(base + '/console/admin/knowledge')
  await page.getByRole('button', { name: 'Try a question' }).click()
  const ask = page.locator('[data-test=try-question]')
  await ask.getByRole('textbox').fill('灯罩可以水洗吗')
  await ask.getByRole('button', { name: 'Find' }).click()
  await ask.locator('[data-test=match]').filter({ hasText: title }).waitFor()
  await axe(page, 'a question that is tried')
  return id
}

async function robot(page, base, title, name, inbox) {
  await page.goto(base + '/console/admin/robots')
  await page.getByRole('button', { name: 'Add a robot' }).first().click()
  const box = page.getByRole('dialog')
  await box.getByLabel('Name').fill(name)
  await box.getByRole('button', { name: 'Add', exact: true }).click()
  await page.waitForURL(/\/admin\/robots\/.+/)
  const id = new URL(page.url()).pathname.split('/')[4]
  await page.getByLabel('In service').check()
  await page.getByLabel(inbox, { exact: true }).check()
  await page.getByRole('radio', { name: 'Greeting and menus' }).click()
  const greeting = page.getByRole('textbox', { name: 'Greeting' })
  await greeting.fill('您好，我是小帕。')
  await page.getByRole('button', { name: 'Add a menu' }).click()
  await page.getByRole('textbox', { name: 'Heading' }).fill('您想了解什么？')
  for (const [text, deed] of [['怎么清洁', 'answer'], ['人工服务', 'human']]) {
    await page.getByRole('button', { name: 'Add a button' }).click()
    const item = page.locator('[data-test=menu-item]').last()
    await item.getByRole('textbox', { name: 'Text of the button' }).fill(text)
    await item.getByLabel('What it does').selectOption(deed)
    if (deed !== 'answer') continue
    await item.getByRole('combobox', { name: 'Article' }).fill(title)
    await item.getByRole('option', { name: title }).click()
    await item.locator('[data-test=picked]').filter({ hasText: title }).waitFor()
  }
  await page.locator('[data-test=menu-preview]').getByText('怎么清洁').waitFor({ state: 'attached' })
  await axe(page, 'the menus of a robot')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved. It holds at once.').first().waitFor()
  for (const tab of ['Answers', 'Hand-over', 'Texts', 'Language model', 'Where and when']) {
    await page.getByRole('radio', { name: tab }).click()
    await axe(page, 'robot: ' + tab)
  }
  // The trial answers, and hands over, without a visitor.
  const trial = page.locator('[data-test=try-robot]')
  await trial.getByRole('textbox').fill('灯罩可以水洗吗')
  await trial.getByRole('textbox').press('Enter')
  await trial.getByText('灯罩可以拆下水洗').waitFor()
  await trial.locator('[data-test=rule]').filter({ hasText: 'article' }).waitFor()
  await trial.getByRole('textbox').fill('转人工')
  await trial.getByRole('textbox').press('Enter')
  await trial.locator('[data-test=handed]').waitFor()
  await axe(page, 'a trial')
  await shot(page, 'robot-admin')
  return id
}

/** A visitor who is greeted by the robot. */
async function arrive(browser, base, options = {}) {
  const page = await open(browser, { width: 1100, height: 800, ...options })
  const chat = await openChat(page, base)
  await chat.waitForSelector('.them >> text=您好，我是小帕。')
  await chat.waitForSelector('.kc button:has-text("怎么清洁"):enabled')
  return { page, chat }
}

export async function robotJourney(browser, base, mock) {
  if (mock) return console.log('     needs a real server: PARLOR_E2E_URL')
  const a = await admin(base)
  await a.clear()
  const page = await open(browser, { locale: 'en' })
  await signIn(page, base)
  const title = unique('灯罩能水洗吗？')
  const name = unique('小帕')
  let made = ''
  let kept = ''
  try {
    kept = await article(page, base, title)
    made = await robot(page, base, title, name, (await a.call('GET', '/admin/inboxes/main')).name)
    await served(browser, base, name, a)
  } finally {
    if (made) {
      const r = await a.call('GET', '/robots/' + made)
      const { agent: _agent, id: _id, createdAt: _c, updatedAt: _u, ...rest } = r
      await a.call('PUT', '/robots/' + made, { ...rest, active: false })
    }
    if (kept) await a.call('DELETE', '/knowledge/' + kept)
  }
  check(!page.faults.length, 'no errors on the console: ' + page.faults.join('; '))
  await page.context().close()
}

async function served(browser, base, name, a) {
  /** The conversation that a robot was given last. */
  const newest = async () => (await a.call('GET', '/conversations?view=robot')).items.sort((x, y) => (x.createdAt < y.createdAt ? 1 : -1))[0].id
  const agent = await open(browser)
  await signIn(agent, base)
  await agent.click('[data-test=state]')
  await agent.click('[role=menuitem]:has-text("就绪")')

  // Greeted, chosen from the menu, asked, helped.
  const first = await arrive(browser, base)
  await first.chat.waitForSelector('[data-test=robot] >> text=正在为您服务的是机器人')
  await axe(first.chat, 'a robot greets')
  await shot(first.page, 'robot-greets')
  await first.chat.click('.kc button:has-text("怎么清洁")')
  await first.chat.waitForSelector('.me >> text=怎么清洁')
  await first.chat.waitForSelector('.them >> text=灯罩可以拆下水洗')
  await say(first.chat, '你们的灯罩可以水洗吗')
  await until(async () => (await first.chat.locator('.them .bubble', { hasText: '灯罩可以拆下水洗' }).count()) === 2, 'the second answer')
  await first.chat.locator('.rate button:has-text("已解决")').last().click()
  await first.chat.waitForSelector('text=感谢您的反馈。')

  // While the robot has it: marked in the list of agents, not in anybody's queue.
  let talk = await newest()
  await agent.goto(base + '/console/inbox/robot/' + talk)
  await agent.waitForSelector('[data-test=bot]')
  await agent.waitForSelector('[data-test=robot-mark] >> text=知识')
  await agent.waitForSelector('[data-test=choice] >> text=怎么清洁')
  await axe(agent, 'a conversation that a robot has')
  await shot(agent, 'robot-inbox')

  // Nonsense twice: a person, who sees all of it.
  const nonsense = unique('嗷呜嗷呜')
  await say(first.chat, nonsense)
  await until(async () => (await first.chat.locator('.them').count()) > 4, 'an answer to nonsense')
  await say(first.chat, 'qwxz vvkj pplm')
  await first.chat.waitForSelector('[data-test=robot]', { state: 'detached' })
  await agent.goto(base + '/console/inbox/mine/' + talk)
  await agent.waitForSelector('[role=option][aria-selected=true]')
  await agent.waitForSelector(`[role=log] >> text=${nonsense}`)
  await agent.waitForSelector('[role=log] >> text=您好，我是小帕。')
  await agent.waitForSelector(`[role=log] >> text=${name}`)
  // The knowledge base while writing.
  await agent.click('[data-test=knowledge]')
  await agent.getByPlaceholder('搜索知识').fill('灯罩清洁')
  await agent.locator('[data-test=kb-hit]').first().waitFor()
  await axe(agent, 'the knowledge base beside the composer')
  await shot(agent, 'robot-knowledge')
  await agent.locator('[data-test=kb-hit] button').last().click()
  const box = agent.locator('textarea[placeholder^="输入回复"]')
  await until(async () => (await box.inputValue()).length > 5, 'the answer in the composer')
  const answer = unique('您好，我来帮您')
  await box.fill(answer)
  await box.press('Enter')
  await first.chat.waitForSelector(`.them >> text=${answer}`)
  await until(async () => (await first.chat.locator('.kc button:enabled').count()) === 0, 'menus of a robot that is gone cannot be chosen from')
  await first.page.reload()
  const again = await panelOf(first.page)
  await again.waitForSelector(`.them >> text=${answer}`)
  await again.waitForSelector('.kc >> text=怎么清洁')

  // The second presses the button, the third says the word.
  const second = await arrive(browser, base, { theme: 'dark', width: 390, height: 800, touch: true })
  await shot(second.page, 'robot-phone')
  await axe(second.chat, 'a robot on a phone')
  const wish = unique('我想问问')
  await say(second.chat, wish)
  talk = await newest()
  await second.chat.click('[data-test=robot] button:has-text("转人工")')
  await second.chat.waitForSelector('[data-test=robot]', { state: 'detached' })
  await agent.goto(base + '/console/inbox/mine/' + talk)
  await agent.waitForSelector(`[role=log] >> text=${wish}`)
  const third = await arrive(browser, base)
  await say(third.chat, '转人工')
  await third.chat.waitForSelector('[data-test=robot]', { state: 'detached' })
  await third.chat.waitForSelector('header >> text=/为您服务|已进入排队/')
  check(![first.page, second.page, third.page, agent].some((p) => p.faults.length), 'no errors: ' + [first.page, second.page, third.page, agent].flatMap((p) => p.faults).join('; '))
  for (const p of [first.page, second.page, third.page, agent]) await p.context().close()
}
