// The agent's work beside talking: the card with its fields and trail, offers and transfers that run out, drafts on two devices,
// a faulty import, the answer to a left message by mail, groups of colleagues, lists. Every dialog is looked at with axe.
import { api, colleague, state } from './hand.mjs'
import { axe, check, open, openChat, PNG, say, shot, signIn, unique, until } from './lib.mjs'
import { body, header, smtp } from './smtp.mjs'
import { admin } from './visit.mjs'
import { Visitor } from './visitor.mjs'

export async function work(browser, base, mock) {
  if (mock) return console.log('     needs a real server: PARLOR_E2E_URL')
  const a = await admin(base)
  const agent = await open(browser)
  await signIn(agent, base)
  try {
    await state(agent, '就绪')
    await card(browser, base, a, agent)
    await devices(browser, base, agent)
    await offers(browser, base, a, agent)
    await faulty(agent, base)
    await lists(agent, base)
    await mail(agent, base, a)
    const faults = agent.faults.filter((f) => !/status of 400/.test(f)) // one value was refused on purpose
    check(!faults.length, 'faults in the console: ' + faults.join('; '))
  } finally {
    await a.reset()
    await agent.context().close()
  }
  await dialogs(browser, base)
}

/** A new visitor in the agent's hands; resolves with the chat and what is open in the console. */
async function served(browser, base, agent, words) {
  const page = await open(browser, { width: 1280, height: 800 })
  const chat = await openChat(page, base, '/demo/?utm_source=baidu&utm_term=desk+lamp')
  const wish = unique(words)
  await say(chat, wish)
  await chat.waitForSelector(`.me:not(.pending) >> text=${wish}`)
  await agent.goto(base + '/console/inbox/all')
  await agent.click(`[role=option]:has-text("${wish}")`)
  await agent.waitForSelector(`[role=log] >> text=${wish}`)
  return { page, chat, wish, id: agent.url().split('/').at(-1) }
}

/** The card: a choice is a select, a date a date, and what is refused is said beside the field. The trail says where a visit came from. */
async function card(browser, base, a, agent) {
  const old = (await a.call('GET', '/fields')).items
  const made = []
  for (const f of [{ key: 'e2e_level', kind: 'choice', name: '等级', options: ['银卡', '金卡'] }, { key: 'e2e_birthday', kind: 'date', name: '生日' }, { key: 'e2e_lamps', kind: 'number', name: '灯数' }, { key: 'e2e_second', kind: 'phone', name: '备用电话' }]) {
    if (!old.some((x) => x.key === f.key)) made.push((await a.call('POST', '/fields', f)).id)
  }
  const { page, id } = await served(browser, base, agent, '想看台灯')
  await agent.waitForSelector('aside [data-test=visit]')
  await agent.waitForSelector('aside [data-test=visit] >> text=推广')
  await agent.waitForSelector('aside [data-test=visit] >> text=desk lamp')
  const value = async (key) => (await a.call('GET', `/conversations/${id}/card`)).fields.find((f) => f.key === key).value
  const line = (name) => agent.locator('aside section[aria-label] > div').filter({ hasText: name }).last()
  await line('等级').locator('button').click()
  await line('等级').locator('select').selectOption('金卡')
  await until(async () => (await value('e2e_level')) === '金卡', 'the choice is kept')
  await line('生日').locator('button').click()
  await until(async () => (await line('生日').locator('input').getAttribute('type')) === 'date', 'a date is entered as one')
  await line('生日').locator('input').fill('1990-05-17')
  await line('生日').locator('input').press('Enter')
  await until(async () => (await value('e2e_birthday')) === '1990-05-17', 'the date is kept')
  await line('灯数').locator('button').click()
  await until(async () => (await line('灯数').locator('input').getAttribute('type')) === 'number', 'a number is entered as one')
  await line('灯数').locator('input').fill('12.5')
  await line('灯数').locator('input').press('Enter')
  await until(async () => (await value('e2e_lamps')) === '12.5', 'the number is kept')
  await line('备用电话').locator('button').click()
  await line('备用电话').locator('input').fill('call me')
  await line('备用电话').locator('input').press('Enter')
  await agent.waitForSelector('aside [data-test=field-error]:has-text("电话")')
  await axe(agent, 'a field that was refused')
  await shot(agent, 'work-field-refused')
  await line('备用电话').locator('input').fill('+86 139 1111 2222')
  await line('备用电话').locator('input').press('Enter')
  await until(async () => (await value('e2e_second')) === '+86 139 1111 2222', 'the mended number is kept')
  await agent.waitForSelector('aside [data-test=field-error]', { state: 'detached' })
  await shot(agent, 'work-card')
  // A picture of the visitor, at full size.
  await page.frames().find((f) => f.url().includes('/w/panel/')).locator('input[type=file]').first().setInputFiles({ name: 'lamp.png', mimeType: 'image/png', buffer: PNG })
  await agent.click('[role=log] button:has(img)')
  await agent.waitForSelector('[role=dialog] img')
  await axe(agent, 'picture at full size')
  await agent.keyboard.press('Escape')
  for (const [key, what] of [['w', 'service summary'], ['t', 'transfer']]) {
    await agent.locator('[role=log]').focus()
    await agent.keyboard.press(key)
    await agent.waitForSelector('[role=dialog]')
    await axe(agent, 'dialog: ' + what)
    await agent.keyboard.press('Escape')
    await agent.waitForSelector('[role=dialog]', { state: 'detached' })
  }
  await agent.click('aside button.text-bad-ink')
  await agent.waitForSelector('[role=dialog]')
  await axe(agent, 'dialog: blacklist')
  await agent.keyboard.press('Escape')
  for (const f of made) await a.call('DELETE', '/fields/' + f)
  await a.call('POST', `/conversations/${id}/close`)
  await page.context().close()
}

/** What is written on one device of an agent is there on the other. */
async function devices(browser, base, agent) {
  const { page, id } = await served(browser, base, agent, '两台设备')
  const second = await open(browser)
  await signIn(second, base)
  await second.goto(`${base}/console/inbox/all/${id}`)
  const box = (p) => p.locator('textarea[placeholder^="输入回复"]')
  await box(second).waitFor()
  await second.locator('[role=log]').focus()
  const text = unique('写了一半')
  await box(agent).fill(text)
  await until(async () => (await box(second).inputValue()) === text, 'the draft is on the second device')
  await box(agent).press('Enter')
  await second.waitForSelector(`[role=log] >> text=${text}`)
  const third = await open(browser)
  await signIn(third, base)
  await third.goto(`${base}/console/inbox/all/${id}`)
  await box(third).waitFor()
  await until(async () => (await box(third).inputValue()) === '', 'what was sent is no draft any more')
  for (const p of [second, third]) { check(!p.faults.length, p.faults.join('; ')); await p.context().close() }
  await page.context().close()
}

/** A conversation that is offered to all: declined by one, taken by the other. A transfer that nobody answers comes back. */
async function offers(browser, base, a, agent) {
  const other = await colleague(browser, base)
  const name = (await api(other, 'GET', '/session')).agent.name
  const company = await a.call('GET', '/admin/company')
  const set = (s) => a.call('PUT', '/admin/company', { name: company.name, settings: { ...company.settings, ...s } })
  try {
    await a.set({ offline: { disabled: true }, routing: { rule: 'offer', returning: false, lastServed: false } })
    for (const p of [agent, other]) { await p.goto(base + '/console/inbox/mine'); await state(p, '就绪') }
    const visitor = await Visitor.arrive(base)
    const wish = unique('谁来接待')
    await visitor.post(wish)
    for (const p of [agent, other]) await p.waitForSelector('[data-test=offer]')
    await axe(agent, 'an offer')
    await agent.click('[data-test=offer] button:has(svg):last-of-type')
    await agent.waitForSelector('[data-test=offer]', { state: 'detached' })
    await other.waitForSelector('[data-test=offer]')
    await other.locator('[data-test=offer] .btn-primary').click()
    await other.waitForSelector(`[role=log] >> text=${wish}`)
    await other.waitForSelector('[data-test=offer]', { state: 'detached' })
    check(!(await agent.locator('[data-test=offer]').count()), 'what was taken is offered to nobody')
    await visitor.leave()

    await a.set({ offline: { disabled: true }, routing: { rule: 'least', returning: false, lastServed: false } })
    await set({ timers: { ...company.settings?.timers, accept: 2 } })
    await state(other, '忙碌')
    const late = await Visitor.arrive(base)
    const words = unique('转接没人应')
    await late.post(words)
    await agent.click(`[role=option]:has-text("${words}")`)
    await state(other, '就绪')
    await agent.locator('[role=log]').focus()
    await agent.keyboard.press('t')
    await agent.click(`[role=dialog] fieldset label:has-text("${name}")`)
    await agent.click('[role=dialog] button[type=submit]')
    await agent.click('[data-test=leaving-now]')
    await other.waitForSelector('[data-test=handover]')
    await agent.waitForSelector('[data-test=toast]:has-text("没有及时回应")', { timeout: 15_000 })
    await other.waitForSelector('[data-test=handover]', { state: 'detached' })
    check((await a.call('GET', '/conversations/' + agent.url().split('/').at(-1))).agentName !== name, 'the conversation stays with the sender')
    await late.leave()
    await group(agent, other, name)
    check(!other.faults.length, 'faults in the other console: ' + other.faults.join('; '))
  } finally {
    await set({})
    await a.reset()
    await other.context().close()
  }
}

/** A group of colleagues is made, looked at by both, and deleted by who made it. */
async function group(agent, other, name) {
  const title = unique('夜班')
  for (const p of [agent, other]) await p.click('[data-test=chat-toggle]')
  await agent.click('[data-test=chat] [aria-label="新建群组"]')
  await agent.waitForSelector('[role=dialog] fieldset label')
  await axe(agent, 'dialog: a group')
  await agent.fill('[role=dialog] input[maxlength]', title)
  await agent.click(`[role=dialog] label:has-text("${name}")`)
  await agent.click('[role=dialog] button[type=submit]')
  await other.click(`[data-test=chat] li button:has-text("${title}")`)
  await other.waitForSelector('[data-test=chat] textarea')
  agent.once('dialog', (d) => void d.accept())
  await agent.click('[data-test=chat] header [aria-label="群组设置"]')
  await agent.waitForSelector('[data-test=delete-group]')
  await axe(agent, 'dialog: an own group')
  await agent.click('[data-test=delete-group]')
  await other.waitForSelector(`[data-test=toast]:has-text("${title}")`)
  for (const p of [agent, other]) {
    await p.waitForSelector('[data-test=chat] input[type=search]')
    await until(async () => !(await p.locator(`[data-test=chat] li:has-text("${title}")`).count()), 'the group is gone')
    await p.click('[data-test=chat-toggle]')
  }
}

/** A file with faulty lines is not imported; each fault says its line and column. */
async function faulty(agent, base) {
  await agent.goto(base + '/console/canned')
  await agent.click('button:has-text("导入")')
  const good = unique('好的一行')
  const file = (text) => ({ name: 'canned.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })
  const input = agent.locator('[role=dialog] input[type=file]')
  await input.setInputFiles(file(`title,text\n${good},您好\n,没有标题\n第三行,\n`))
  await agent.waitForSelector('[role=dialog] >> text=第 3 行')
  await agent.waitForSelector('[role=dialog] >> text=第 4 行')
  await until(async () => /title/.test(await agent.innerText('[role=dialog] li:has-text("第 3 行")')) && /text/.test(await agent.innerText('[role=dialog] li:has-text("第 4 行")')), 'the columns at fault are named')
  check(await agent.isDisabled('[role=dialog] .btn-primary'), 'nothing can be imported')
  await axe(agent, 'dialog: an import with faults')
  await shot(agent, 'work-import-faults')
  check(!(await api(agent, 'GET', '/canned?q=' + encodeURIComponent(good))).items.length, 'nothing was imported, the good line neither')
  await input.setInputFiles(file(`title,text\n${good},您好\n`))
  await agent.click('[role=dialog] .btn-primary:not([disabled])')
  await agent.waitForSelector('[role=dialog] >> text=已导入')
  await agent.keyboard.press('Escape')
  await until(async () => (await api(agent, 'GET', '/canned?q=' + encodeURIComponent(good))).items.length === 1, 'the mended file is imported')
}

/** Past invitations and ratings have their filters. */
async function lists(agent, base) {
  await agent.goto(base + '/console/visitors/invitations')
  await agent.waitForSelector('[aria-busy=true]', { state: 'detached' })
  const rows = await agent.locator('[data-test=invitation]').count()
  if (rows) {
    await agent.waitForSelector('[data-test=rates]')
    await agent.selectOption('[aria-label="结果"]', 'refuse')
    await until(async () => (await agent.locator('[data-test=invitation]').allInnerTexts()).every((x) => x.includes('拒绝')), 'only what was refused is left')
  }
  await agent.goto(base + '/console/ratings')
  await agent.waitForSelector('[aria-busy=true]', { state: 'detached' })
  if (await agent.locator('[data-test=rating-row]').count()) {
    await agent.waitForSelector('[data-test=tally]')
    await agent.locator('[data-test=rating-row] a').first().click()
    await agent.waitForURL(/inbox\/closed\//)
    await agent.waitForSelector('[role=log]')
  }
}

/** A message that was left is answered by mail. */
async function mail(agent, base, a) {
  const port = Number(process.env.PARLOR_E2E_SMTP)
  if (!port) return console.log('     no mail server: PARLOR_E2E_SMTP')
  const server = await smtp(port)
  try {
    await a.set({ offline: {} })
    const session = await (await fetch(base + '/api/parlor/v1/visitor/session', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ inbox: 'main' }) })).json()
    const words = unique('什么时候发货')
    const left = await fetch(base + '/api/parlor/v1/visitor/leave', { method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: 'Bearer ' + session.token }, body: JSON.stringify({ answers: { name: '周先生', email: 'zhou@shop.example', content: words } }) })
    check(left.ok, 'a message is left: ' + left.status)
    await agent.goto(base + '/console/offline')
    await agent.click(`[data-test=left]:has-text("${words}")`)
    const answer = unique('明天发货')
    await agent.fill('article form input', '关于您的留言')
    await agent.fill('article form textarea', answer)
    await axe(agent, 'answer to a left message')
    await agent.click('article form button[type=submit]')
    await until(() => server.letters.length === 1, 'the letter arrives', 20_000)
    const [letter] = server.letters
    check(letter.to.includes('zhou@shop.example'), 'it is for who left the message: ' + letter.to)
    check(header(letter.text, 'Subject') === '关于您的留言', 'it has its subject: ' + header(letter.text, 'Subject'))
    check(header(letter.text, 'Message-ID') !== '', 'it has an id')
    check(body(letter.text).includes(answer), 'it has its words')
    await agent.waitForSelector('article >> text=' + answer)
    await until(async () => (await api(agent, 'GET', '/leave-messages?state=processed')).items.some((m) => m.content === words && m.reply === answer), 'it is done')
  } finally {
    server.close()
    await a.reset()
  }
}

/** Every dialog that the steps above do not open, in both themes. */
async function dialogs(browser, base) {
  for (const [theme, locale, width] of [['light', 'zh-CN', 1440], ['dark', 'en', 390]]) {
    const page = await open(browser, { theme, locale, width, height: 844 })
    await signIn(page, base)
    const look = async (what) => {
      await page.waitForSelector('[role=dialog]')
      await axe(page, `dialog: ${what}, ${theme}`)
      await shot(page, `dialog-${what}-${theme}`)
      await page.keyboard.press('Escape')
      await page.waitForSelector('[role=dialog]', { state: 'detached' })
    }
    await page.keyboard.press('ControlOrMeta+k')
    await look('commands')
    await page.locator('nav button').nth(0).click()
    await look('search')
    await page.locator('[role=listbox]').focus()
    await page.keyboard.press('?')
    await look('shortcuts')
    await page.goto(base + '/console/canned')
    await page.click('[data-test=add-entry]')
    await look('canned-entry')
    await page.goto(base + '/console/pictures')
    await page.click('[data-test=add-entry]')
    await look('picture-entry')
    for (const path of ['inboxes', 'agents', 'roles', 'tags', 'fields', 'types', 'companies']) {
      await page.goto(base + '/console/admin/' + path)
      await page.waitForSelector('main h2')
      await page.locator('main header .btn-primary').last().click()
      await look('admin-' + path)
    }
    await page.goto(base + '/console/admin/agents')
    await page.locator('main header .btn-line').first().click()
    await look('admin-import')
    check(!page.faults.length, page.faults.join('; '))
    await page.context().close()
  }
}
