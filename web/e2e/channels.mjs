// Channels with addresses: an administrator sets a mailbox up, a letter becomes a conversation, its answer leaves as a
// letter; messages with several files, pages that a visitor saw, what did not arrive; the forms beside them in every look.
import { imap } from './imap.mjs'
import { axe, check, LOGIN, open, openChat, PASSWORD, quiet, say, shot, signIn, unique, until } from './lib.mjs'
import { plan } from './picture.mjs'
import { smtp } from './smtp.mjs'

const PNG = plan(480, 320)
const LOOKS = ['light', 'dark'].flatMap((theme) => [1440, 1024, 390].map((width) => [theme, width]))
const LOCALE = { 1440: 'zh-CN', 1024: 'en', 390: 'pt-BR' }

/** A page of the console for each look, signed in. */
async function windows(browser, base) {
  const list = []
  for (const [theme, width] of LOOKS) {
    const page = await open(browser, { width, height: width < 500 ? 844 : 900, theme, locale: LOCALE[width], touch: width < 500 })
    await signIn(page, base)
    list.push(Object.assign(page, { look: `${theme}-${width}` }))
  }
  return list
}

/** Opens a page of the console in each look and takes its picture. */
async function looks(pages, base, what, path, prepare = () => undefined) {
  for (const page of pages) {
    await page.goto(`${base}/console/${path}`)
    await page.waitForSelector('main h2, [role=log]')
    await quiet(page)
    await prepare(page)
    await shot(page, `channels-${what}-${page.look}`)
    await axe(page, `${what} ${page.look}`)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    check(wide <= 0, `${what} is ${wide} px wider than the screen at ${page.look}`)
    check(!page.faults.length, `no errors on the console: ${page.faults.join('; ')}`)
  }
}

/** Calls the Rocket.Chat contract as the administrator. */
async function contract(base) {
  const call = (headers) => async (method, path, body) => {
    const form = body instanceof FormData
    const r = await fetch(`${base}/api/v1/${path}`, { method, headers: { ...(form ? {} : { 'Content-Type': 'application/json' }), ...headers }, ...(body ? { body: form ? body : JSON.stringify(body) } : {}) })
    const answer = await r.json()
    check(r.ok, `${path}: ${JSON.stringify(answer)}`)
    return answer
  }
  const { data } = await call({})('POST', 'login', { user: LOGIN, password: PASSWORD })
  return Object.assign(call({ 'X-Auth-Token': data.authToken, 'X-User-Id': data.userId }), { me: data })
}

/** Waits for a conversation that somebody serves and has it with the administrator. */
async function mine(admin, is, what) {
  let room
  await until(async () => (room = (await admin('GET', 'livechat/rooms?count=20')).rooms.find(is))?.servedBy, what, 20_000)
  if (room.servedBy._id !== admin.me.userId) await admin('POST', 'livechat/room.forward', { roomId: room._id, userId: admin.me.userId })
  return room
}

async function setUp(page, base, post, port) {
  const box = page.getByRole('dialog')
  const row = page.locator('[data-test=mailbox-row]')
  await page.goto(base + '/console/admin/mailboxes')
  await page.getByText('No e-mail inboxes yet').waitFor()
  await shot(page, 'channels-mailboxes-none')
  await page.getByRole('button', { name: 'Add an inbox' }).click()
  await box.getByLabel('Name', { exact: true }).fill('Customer desk')
  await box.getByLabel('E-mail address').fill('desk@aurora.example')
  await box.getByLabel('Sender name').fill('Aurora')
  await box.getByLabel('Sender name').blur()
  for (const [side, at] of [['imap', post.port], ['smtp', port]]) {
    const part = box.locator(`[data-test=${side}]`)
    await until(async () => (await part.getByLabel('User name').inputValue()) === 'desk@aurora.example', 'the address is the user name')
    await part.getByLabel('Encryption').selectOption('start')
    await until(async () => (await part.getByLabel('Port').inputValue()) === (side === 'imap' ? '143' : '587'), 'the port follows the encryption')
    await part.getByLabel('Server').fill('127.0.0.1')
    await part.getByLabel('Port').fill(String(at))
    await part.getByLabel('User name').fill(side === 'imap' ? 'desk' : '')
  }
  await box.locator('[data-test=imap]').getByLabel('Password').fill('wrong')
  await axe(page, 'dialog of a mailbox')
  await shot(page, 'channels-mailbox-dialog')
  await box.getByRole('button', { name: 'Save' }).click()
  await row.locator('[data-test=fault]').filter({ hasText: 'does not accept this user name and password' }).waitFor({ timeout: 20_000 })
  await axe(page, 'mailbox with a fault')
}

/** The rows of both: one that works, one that does not, one that is off. */
async function pictures(views, base, admin) {
  const other = (name, more) => admin('POST', 'email-inbox', { name, email: `${name.toLowerCase()}@aurora.example`, description: '', senderInfo: '', department: '', smtp: { server: '127.0.0.1', port: 9, username: '', password: '', secure: true },
    imap: { server: '127.0.0.1', port: 9, username: 'u', password: 'p', secure: true, maxRetries: 3 }, active: true, ...more })
  const ids = [await other('Billing'), await other('Archive', { active: false, description: 'Letters before the move. Nobody reads them here any more, they are kept for the auditors.' })]
  await looks(views, base, 'mailboxes', 'admin/mailboxes', (page) => page.locator('[data-test=fault]').waitFor({ timeout: 20_000 }))
  await looks(views, base, 'mailbox-dialog', 'admin/mailboxes', async (page) => {
    await page.locator('[data-test=mailbox-row]').first().getByRole('button').nth(2).click()
    await page.getByRole('dialog').waitFor()
  })
  for (const { _id } of ids) await admin('DELETE', 'email-inbox/' + _id)
}

/** The forms on the pages of the company and of webhooks. */
async function forms(views, base, admin) {
  for (const service of ['twilio', 'voxtelesys', 'mobex']) {
    await admin('POST', 'settings/SMS_Enabled', { value: true })
    await admin('POST', 'settings/SMS_Service', { value: service })
    await looks(views, base, 'sms-' + service, 'admin/company', (page) => page.locator('[data-test=sms]').scrollIntoViewIfNeeded().then(() => page.locator('[data-test=sms]').evaluate((e) => e.scrollIntoView({ block: 'start' }))))
  }
  await admin('POST', 'settings/SMS_Enabled', { value: false })
  await looks(views, base, 'timers', 'admin/company', async (page) => {
    await page.getByRole('radio').nth(2).click()
    await page.getByRole('spinbutton').nth(6).evaluate((e) => e.scrollIntoView({ block: 'center' })) // the timer of silent agents
  })
  await admin('POST', 'settings/SMS_Service', { value: 'twilio' })
  await looks(views, base, 'hooks', 'admin/hooks')
}

/** A conversation of the widget with all the lines and files there are. */
async function thread(browser, views, base, admin) {
  await admin('POST', 'settings/Livechat_Visitor_navigation_as_a_message', { value: true })
  const shop = await open(browser, { width: 1280, height: 800 })
  const chat = await openChat(shop, base, '/demo/product.html?id=luna')
  const text = unique('Can the lamp be dimmed?')
  await say(chat, text)
  await chat.waitForSelector('.me:not(.pending)')
  const rid = (await mine(admin, (r) => r.lastMessage?.msg === text, 'the conversation is there'))._id
  const files = []
  for (const [name, type, data] of [['luna.png', 'image/png', PNG], ['A very long name of a file that says all about the dimmer of the moon lamp.pdf', 'application/pdf', Buffer.from('%PDF-1.4\n')], ['garden.png', 'image/png', PNG]]) {
    const form = new FormData()
    form.set('file', new Blob([data], { type }), name)
    files.push((await admin('POST', 'rooms.media/' + rid, form)).file)
  }
  const message = JSON.stringify({ msg: 'method', method: 'sendMessage', id: '1', params: [{ _id: 'm' + Date.now(), rid, msg: 'The manual, and two pictures.' }, [], files.map(({ _id, name }) => ({ _id, name }))] })
  check(JSON.parse((await admin('POST', 'method.call/sendMessage', { message })).message).error === undefined, 'several files are sent')
  await shop.goto(base + '/demo/')
  const again = await openChat(shop, base, '/demo/')
  await again.getByText('The manual, and two pictures.').waitFor()
  await shot(shop, 'channels-files-widget')
  await axe(again, 'several files in the widget')
  await looks(views, base, 'thread', 'inbox/mine/' + rid, (page) => page.getByText('The manual, and two pictures.').first().waitFor())
  for (const [theme, locale] of [['dark', 'en'], ['light', 'pt-BR']]) {
    const page = await open(browser, { width: 390, height: 844, theme, locale, touch: true })
    await page.context().addInitScript((kept) => { for (const [k, v] of kept) localStorage.setItem(k, v) }, await shop.evaluate(() => Object.entries(localStorage)))
    const panel = await openChat(page, base, '/demo/')
    await panel.getByText('The manual, and two pictures.').waitFor()
    await shot(page, `channels-files-widget-390-${theme}`)
    await axe(panel, 'several files in the widget ' + theme)
    await page.context().close()
  }
  await admin('POST', 'settings/Livechat_Visitor_navigation_as_a_message', { value: false })
  await admin('POST', 'livechat/room.closeByUser', { rid, comment: 'done' })
  await shop.context().close()
}

export async function channels(browser, base, mock) {
  if (mock) return
  const post = await imap('pw')
  const out = await smtp(0)
  const admin = await contract(base)
  await admin('POST', 'livechat/users/agent', { username: admin.me.me.username })
  await admin('POST', 'users.setStatus', { status: 'online' })
  await admin('POST', 'livechat/agent.status', { status: 'available' })
  for (const old of (await admin('GET', 'email-inbox.list')).emailInboxes) await admin('DELETE', 'email-inbox/' + old._id)
  const page = await open(browser, { locale: 'en' })
  await signIn(page, base)
  await setUp(page, base, post, out.port)
  const subject = unique('Order 7')
  post.put('From: =?utf-8?B?5byg5LiJ?= <li@cliente.example>', 'To: desk@aurora.example', `Subject: ${subject}`, `Message-ID: <${Date.now()}@cliente.example>`, 'Content-Type: multipart/mixed; boundary=B', '',
    '--B', 'Content-Type: text/plain', '', 'Where is my lamp? The invoice is attached.', '--B', 'Content-Type: image/png', 'Content-Disposition: attachment; filename="lamp.png"', 'Content-Transfer-Encoding: base64', '', PNG.toString('base64'),
    '--B', 'Content-Disposition: attachment; filename="invoice.exe"', 'Content-Transfer-Encoding: base64', '', Buffer.from('MZ\0\u0001\0').toString('base64'), '--B--', '')
  await page.getByRole('button', { name: 'Edit Customer desk' }).click()
  await page.getByRole('dialog').locator('[data-test=imap]').getByLabel('Password').fill('pw')
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  const look = page.locator('[data-test=look]')
  await look.filter({ hasText: '1 taken' }).waitFor({ timeout: 20_000 })
  check(post.unread() === 0, 'the letter is marked as read')
  await page.locator('[data-test=fault]').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Send a test letter by Customer desk' }).click()
  await page.getByText('The server took a letter to ' + LOGIN).waitFor()
  await until(() => out.letters.length === 1, 'the test letter')
  await page.getByRole('button', { name: 'Edit Customer desk' }).click()
  await page.getByRole('dialog').locator('[data-test=imap]').getByLabel('Server').fill('imap.example.com')
  await page.getByText('Another server: enter its password.').waitFor()
  await shot(page, 'channels-mailbox-again')
  await page.keyboard.press('Escape')

  const room = await mine(admin, (r) => r.email?.subject === subject, 'the letter is a conversation')
  await page.goto(`${base}/console/inbox/mine/${room._id}`)
  await page.getByText('invoice.exe').first().waitFor()
  await page.locator('textarea').first().fill('It left this morning.')
  await page.keyboard.press('Enter')
  await until(() => out.letters.some((l) => l.text.includes('Re: ' + subject)), 'the answer leaves')
  await page.locator('input[type=file]').first().setInputFiles([{ name: '月灯 manual.png', mimeType: 'image/png', buffer: PNG }])
  await page.waitForSelector('[data-test=send]:not([disabled])')
  await page.click('[data-test=send]')
  await until(() => out.letters.some((l) => l.text.includes("filename*0*=utf-8''%E6%9C%88%E7%81%AF%20manual.png")), 'the file leaves with the letter')
  const views = await windows(browser, base)
  await looks(views, base, 'letter', 'inbox/mine/' + room._id, (p) => p.getByText('invoice.exe').first().waitFor())
  await pictures(views, base, admin)
  await thread(browser, views, base, admin)
  await forms(views, base, admin)
  check(!page.faults.length, 'no errors on the console: ' + page.faults.join('; '))
  for (const old of (await admin('GET', 'email-inbox.list')).emailInboxes) await admin('DELETE', 'email-inbox/' + old._id)
  await admin('POST', 'livechat/room.closeByUser', { rid: room._id, comment: 'done' })
  if (admin.me.me.statusLivechat === 'not-available') await admin('POST', 'livechat/agent.status', { status: 'not-available' })
  for (const p of [page, ...views]) await p.context().close()
  post.close()
  out.close()
}
