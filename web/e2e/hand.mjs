// Two agents and a visitor: undo and recall, notes with mentions, tags, transfer with consent, who else looks.
import { axe, check, open, openChat, PASSWORD, say, signIn, unique, until } from './lib.mjs'

/** Signs a second agent in; resolves with the page and the agent's name. */
export async function colleague(browser, base, mock) {
  const page = await open(browser)
  await page.goto(base + '/console/')
  await page.fill('input[name=username]', process.env.PARLOR_E2E_LOGIN2 ?? (mock ? 'chen@demo.parlor' : 'zhou@demo.parlor'))
  await page.fill('input[name=password]', PASSWORD)
  await page.press('input[name=password]', 'Enter')
  await page.waitForSelector('[role=listbox][aria-busy=false]')
  return page
}
/** Calls the native REST interface with the session of a page. */
export const api = (page, method, path, body) => page.evaluate(async ([m, p, b]) => {
  const me = await (await fetch('/api/parlor/v1/session')).json()
  const r = await fetch('/api/parlor/v1' + p, { method: m, headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf }, ...(b ? { body: JSON.stringify(b) } : {}) })
  return r.status === 204 ? {} : r.json()
}, [method, path, body])
export const state = async (page, name) => {
  await page.click('[data-test=state]')
  await page.click(`[role=menuitem]:has-text("${name}")`)
  await page.waitForSelector(`[data-test=state]:has-text("${name}")`)
}

export async function hand(browser, base, mock) {
  const agent = await open(browser)
  const visitor = await open(browser, { width: 1280, height: 800 })
  await signIn(agent, base)
  const other = await colleague(browser, base, mock)
  const otherName = (await api(other, 'GET', '/session')).agent.name
  await state(other, '忙碌')
  await state(agent, '就绪')
  let company
  if (!mock) {
    company = await api(agent, 'GET', '/admin/company')
    await api(agent, 'PUT', '/admin/company', { name: company.name, settings: { ...company.settings, timers: { ...company.settings?.timers, accept: 30 } } })
  }
  if (!(await api(agent, 'GET', '/tags?kind=conversation')).items.length) await api(agent, 'POST', '/tags', { kind: 'conversation', name: '退款' })
  let chat = await openChat(visitor, base)
  const wish = unique('想换一盏灯')
  await say(chat, wish)
  await agent.click(`[role=option]:has-text("${wish}")`)
  const box = agent.locator('textarea').first()

  // A reply can be undone: the visitor does not keep it, and the agent has the text again.
  const slip = unique('打错字了')
  await box.fill(slip)
  await box.press('Enter')
  await chat.waitForSelector(`text=${slip}`)
  await agent.click(`[data-test=toast] button:has-text("撤销")`)
  await agent.waitForSelector('[data-test=recalled]')
  await until(async () => (await box.inputValue()) === slip, 'the text is back in the box')
  await box.fill('')
  // Later messages are taken back with the button beside them.
  const second = unique('这条也不对')
  await box.fill(second)
  await box.press('Enter')
  await chat.waitForSelector(`text=${second}`)
  await agent.hover(`[role=log] >> text=${second}`)
  await agent.click(`[role=log] [id^=m-]:has-text("${second}") [data-test=recall]`)
  await until(async () => (await agent.locator('[data-test=recalled]').count()) === 2, 'both are taken back')
  // Whoever reads the conversation anew finds neither.
  chat = await openChat(visitor, base)
  await chat.waitForSelector(`text=${wish}`)
  check(!(await chat.locator(`text=${slip}`).count()) && !(await chat.locator(`text=${second}`).count()), 'what was taken back is gone')
  await box.fill('')

  // A note that mentions a colleague reaches that colleague.
  await agent.locator('[role=log]').focus()
  await agent.keyboard.press('n')
  const note = unique('帮我看一下')
  await box.fill('')
  await box.pressSequentially('@')
  await agent.waitForSelector('#canned-list [role=option]')
  await axe(agent, 'mention list')
  await box.pressSequentially(otherName.slice(0, 2))
  await agent.click(`#canned-list [role=option]:has-text("${otherName}")`)
  await box.pressSequentially(note)
  await box.press('Enter')
  await other.waitForSelector('[data-test=toast]:has-text("提到了您")')
  await other.click('[data-test=toast] button:has-text("查看")')
  await other.waitForSelector(`[role=log] >> text=${note}`)
  // Both look at it now, and both are told.
  await agent.waitForSelector(`[data-test=viewers]:has-text("${otherName}")`)

  // The conversation gets a tag; both see it.
  await agent.keyboard.press('Escape')
  await agent.locator('[role=log]').focus()
  await agent.keyboard.press('l')
  await agent.click('.pop li button >> nth=0')
  await agent.waitForSelector('aside [data-test=tag]')
  await other.waitForSelector('aside [data-test=tag]')
  await agent.keyboard.press('Escape')

  // Colleagues' chat: a line arrives, is counted, read and answered.
  await agent.click('[data-test=chat-toggle]')
  await agent.click(`[data-test=chat] li button:has-text("${otherName}")`)
  const line = unique('中午一起吃饭？')
  await agent.fill('[data-test=chat] textarea', line)
  await agent.press('[data-test=chat] textarea', 'Enter')
  await other.waitForSelector('[data-test=chat-toggle][aria-label*="未读"]')
  await other.click('[data-test=chat-toggle]')
  await other.click('[data-test=chat-row]:has-text("中午一起吃饭")')
  await other.waitForSelector(`[data-test=chat] [role=log] >> text=${line}`)
  const reply = unique('好呀')
  await other.fill('[data-test=chat] textarea', reply)
  await other.press('[data-test=chat] textarea', 'Enter')
  await agent.waitForSelector(`[data-test=chat] [role=log] >> text=${reply}`)
  for (const p of [agent, other]) await p.click('[data-test=chat-toggle]')

  // Transfer with consent: declined, it stays; accepted, it goes.
  await state(other, '就绪')
  const transfer = async () => {
    await agent.locator('[role=log]').focus()
    await agent.keyboard.press('t')
    await agent.click(`[role=dialog] fieldset label:has-text("${otherName}")`)
    await agent.fill('[role=dialog] textarea', '客户要换货')
    await agent.click('[role=dialog] button[type=submit]')
    await agent.waitForSelector('[data-test=leaving-now]')
  }
  await transfer()
  await agent.click('[data-test=leaving-undo]')
  await agent.waitForSelector('[data-test=leaving-now]', { state: 'detached' })
  check(!(await other.locator('[data-test=handover]').count()), 'an undone transfer asks nobody')
  await transfer()
  await agent.click('[data-test=leaving-now]')
  await other.waitForSelector('[data-test=handover]:has-text("客户要换货")')
  await agent.waitForSelector('[data-test=handover-strip]')
  await axe(other, 'asked to take over')
  await axe(agent, 'waiting for consent')
  await other.click('[data-test=handover-decline]')
  await agent.waitForSelector('[data-test=toast]:has-text("没有接受")')
  await transfer()
  await agent.click('[data-test=leaving-now]')
  await other.waitForSelector('[data-test=handover]')
  await other.locator('[role=log]').focus()
  await other.keyboard.press('o')
  await agent.waitForSelector('[data-test=toast]:has-text("已接手")')
  await other.waitForSelector('[role=log] >> text=/转接/')
  await say(chat, unique('好的谢谢'))

  // Closing waits eight seconds, and a visitor who writes stops it.
  await other.keyboard.press('Escape')
  await other.click(`[role=option]:has-text("好的谢谢")`)
  await other.click('[data-test=close]')
  await other.waitForSelector('[data-test=leaving-now]')
  await say(chat, unique('还有一个问题'))
  await other.waitForSelector('[data-test=toast]:has-text("会话没有结束")')
  await other.click('[data-test=close]')
  await other.click('[data-test=leaving-now]')
  await other.waitForSelector('[role=log] >> text=/结束了会话/')

  if (company) await api(agent, 'PUT', '/admin/company', { name: company.name, settings: company.settings })
  check(agent.faults.length === 0, 'faults in the console: ' + agent.faults.join('; '))
  check(other.faults.length === 0, 'faults in the other console: ' + other.faults.join('; '))
  for (const p of [agent, other, visitor]) await p.context().close()
}
