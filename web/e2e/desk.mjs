// The agent's own ways: states, queue, transfer, keyboard, canned replies, drafts, details, phone.
import { hand } from './hand.mjs'
import { axe, check, LOGIN, open, openChat, PASSWORD, say, signIn, unique, until } from './lib.mjs'

export async function desk(browser, base, mock) {
  const agent = await open(browser)
  const visitor = await open(browser, { width: 1280, height: 800 })

  // Wrong credentials are told, right ones lead where one wanted to go.
  await agent.goto(base + '/console/inbox/queue')
  await agent.waitForURL(/login/)
  await axe(agent, 'login')
  await agent.fill('input[name=username]', LOGIN)
  await agent.fill('input[name=password]', PASSWORD + 'x')
  await agent.press('input[name=password]', 'Enter')
  await agent.waitForSelector('[role=alert]:has-text("不正确")')
  await agent.fill('input[name=password]', PASSWORD)
  await agent.press('input[name=password]', 'Enter')
  await agent.waitForURL(/inbox\/queue/)

  // Busy: a new visitor waits, the agent takes the conversation by hand.
  await agent.click('[data-test=state]')
  await agent.waitForSelector('[role=menu]')
  await axe(agent, 'state menu')
  await agent.click('[role=menuitem]:has-text("忙碌")')
  await agent.waitForSelector('[data-test=state]:has-text("忙碌")')
  const chat = await openChat(visitor, base)
  const wish = unique('想问一下吊灯')
  await say(chat, wish)
  const queued = await chat.waitForSelector('.bar:has-text("您前面还有"), .bar:has-text("下一位就是您")', { timeout: 6_000 }).catch(() => undefined)
  if (queued) {
    await axe(chat, 'panel in the queue')
    // Who came last waits at the end of the queue.
    await agent.locator('[role=listbox]').focus()
    await agent.keyboard.press('End')
    await agent.click(`[role=option]:has-text("${wish}")`)
    await agent.click('[aria-label="为什么还在排队？"]')
    await agent.waitForSelector('text=目前排在第')
    await axe(agent, 'why waiting')
    await agent.keyboard.press('Escape')
    await agent.click('header button:has-text("接待")')
    await chat.waitForSelector('text=为您服务')
  } else {
    // Another agent of the same company was free and got it.
    await agent.click('[role=radio]:has-text("全部")')
    await agent.click(`[role=option]:has-text("${wish}")`)
  }
  if (queued) {
    // Canned replies by keyboard; a draft outlives a reload.
    const box = agent.locator('textarea[placeholder^="输入回复"]')
    await box.fill('')
    await box.pressSequentially('/')
    await agent.waitForSelector('#canned-list [role=option]')
    await axe(agent, 'canned replies')
    await box.press('ArrowDown')
    await box.press('Tab')
    await agent.waitForFunction(() => document.querySelector('textarea').value.length > 3)
    await until(async () => !(await box.inputValue()).includes('{'), 'the canned reply is in the box, its variables filled')
    const draft = unique('草稿')
    await box.fill(draft)
    await agent.reload()
    await agent.waitForSelector('textarea[placeholder^="输入回复"]')
    await until(async () => (await box.inputValue()) === draft, 'the draft is back after a reload')
    await box.fill('')

    // Details: the name is edited where it stands.
    const name = unique('王小姐')
    await agent.click('aside [data-test=edit-name]')
    await agent.keyboard.press('ControlOrMeta+a')
    await agent.keyboard.type(name)
    await agent.keyboard.press('Enter')
    await agent.waitForSelector(`h2:has-text("${name}")`)

    // Transfer to a team puts the visitor back into a queue.
    await agent.locator('[role=log]').focus()
    await agent.keyboard.press('t')
    await agent.waitForSelector('[role=dialog] [role=radio]:has-text("团队")')
    await axe(agent, 'transfer')
    await agent.click('[role=dialog] [role=radio]:has-text("团队")')
    await agent.locator('[role=dialog] fieldset label').first().click()
    await agent.fill('[role=dialog] textarea', '请跟进')
    await agent.click('[role=dialog] button[type=submit]')
    await agent.waitForSelector('[role=dialog]', { state: 'detached' })
    await agent.waitForSelector('[data-test=leaving-now]')
    await axe(agent, 'about to be transferred')
    await agent.click('[data-test=leaving-now]')
    await agent.waitForSelector('[role=log] >> text=/转接|排队|队列/')
    await agent.waitForSelector('[data-test=leaving-now]', { state: 'detached' })
  }

  // The keyboard: help, moving, going back.
  await agent.locator('[role=log]').focus()
  await agent.keyboard.press('?')
  await agent.waitForSelector('[role=dialog]:has-text("键盘快捷键")')
  await axe(agent, 'shortcuts')
  await agent.keyboard.press('Escape')
  await agent.waitForSelector('[role=dialog]', { state: 'detached' })
  await agent.locator('[role=log]').focus()
  await agent.keyboard.press('Escape')
  await agent.waitForSelector('text=选择一个会话')
  await agent.click('[role=radio]:has-text("全部")')
  await agent.waitForSelector('[role=option]')
  await agent.keyboard.press('j')
  await agent.keyboard.press('Enter')
  await agent.waitForSelector('[role=log]')

  // Back to ready for whoever comes next.
  await agent.click('[data-test=state]')
  await agent.click('[role=menuitem]:has-text("就绪")')
  await agent.waitForSelector('[data-test=state]:has-text("就绪")')
  check(agent.faults.length === 0, 'faults in the console: ' + agent.faults.join('; '))
  await agent.context().close()
  await visitor.context().close()

  await hand(browser, base, mock)

  // A phone shows one pane at a time.
  const phone = await open(browser, { width: 390, height: 844, touch: true })
  await signIn(phone, base, '/console/')
  await phone.click('[role=radio]:has-text("全部")')
  await phone.locator('[role=option]').first().click()
  await phone.waitForSelector('[role=log]')
  await until(async () => !(await phone.locator('[role=listbox]').isVisible()), 'the list gives way to the thread')
  await axe(phone, 'phone thread')
  await phone.click('[aria-label="返回列表"]')
  await phone.waitForSelector('[role=listbox]')
  await axe(phone, 'phone list')
  await phone.context().close()
}
