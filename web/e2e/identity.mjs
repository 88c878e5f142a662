// Signed identities: a key from the administration, one person in two browsers, nobody else sees it, flags count when signed.
import { createHmac } from 'node:crypto'
import { axe, check, open, panelOf, say, shot, signIn, unique, until } from './lib.mjs'
import { admin } from './visit.mjs'

const SHOP = 'http://shop.test/'
const part = (x) => Buffer.from(JSON.stringify(x)).toString('base64url')
function sign(key, sub, name, life = 3600) {
  const body = part({ alg: 'HS256', typ: 'JWT' }) + '.' + part({ sub, name, exp: Math.floor(Date.now() / 1000) + life })
  return body + '.' + createHmac('sha256', key).update(body).digest('base64url')
}

/** A page of the company's shop in a browser of its own. */
async function shop(browser, script) {
  const page = await open(browser, { width: 1100, height: 760, locale: 'en' })
  await page.context().route(SHOP + '**', (route) => route.fulfill({ contentType: 'text/html', body: `<!doctype html><html lang="en"><title>Shop</title><h1>Shop</h1>${script}</html>` }))
  await page.goto(SHOP)
  return page
}
const widget = (base, token) => `<script>window.Parlor = function () { (Parlor.q = Parlor.q || []).push(arguments) }; window.heard = []; Parlor('on', 'identity', (w) => heard.push(w))</script>
  <script async src="${base}/w/main.js"${token ? ` data-identity="${token}"` : ''}></script>`
const parlor = (page, ...args) => page.evaluate((a) => globalThis.Parlor(...a), args)
async function chatOf(page) {
  await page.waitForFunction(() => globalThis.Parlor && !globalThis.Parlor.q)
  await parlor(page, 'open')
  return newest(page)
}
/** The panel that is there now: with another person it is a new one. */
async function newest(page) {
  let frame
  await until(async () => {
    frame = page.frames().findLast((f) => f.url().includes('/w/panel/'))
    return !!frame && (await frame.locator('textarea, [role=alert]').count().catch(() => 0)) > 0
  }, 'a panel')
  return frame
}
const sees = (frame, text) => frame.locator(`.me >> text=${text}`).count()

/** Makes a key in the administration, with the page's looks. */
async function makeKey(browser, base, a) {
  for (const k of (await a.call('GET', '/admin/inboxes/main/identity-keys')).items) await a.call('DELETE', `/admin/inboxes/main/identity-keys/${k.id}`)
  let secret = ''
  for (const [width, height, theme, locale] of [[1440, 900, 'light', 'en'], [1440, 900, 'dark', 'zh-CN'], [390, 844, 'light', 'pt-BR'], [390, 844, 'dark', 'en']]) {
    const page = await open(browser, { width, height, theme, locale, touch: width < 500 })
    await signIn(page, base)
    await page.goto(base + '/console/admin/inboxes/main/identity')
    const section = page.locator('[data-test=identity-keys]')
    await section.waitFor()
    if (!secret) {
      await section.locator('.btn-primary').click()
      secret = (await page.locator('[data-test=identity-secret]').textContent()).trim()
      check(secret.length === 43, 'the key is shown: ' + secret.length)
    }
    await section.locator('li').first().waitFor()
    await until(async () => !(width === 390) || await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing hangs over at ' + width)
    await axe(page, `identity ${width} ${theme}`)
    await shot(page, `identity-admin-${width}-${theme}`)
    await page.context().close()
  }
  const page = await open(browser, { locale: 'en' })
  await signIn(page, base)
  await page.goto(base + '/console/admin/inboxes/main/identity')
  await page.locator('[data-test=identity-keys] li').first().waitFor()
  check(!(await page.content()).includes(secret), 'the key is not shown again')
  await page.context().close()
  return secret
}

/** Two browsers, one person; a stranger; logging out; what was said before the login. */
async function people(browser, base, key) {
  const said = unique('from the first browser')
  const first = await shop(browser, widget(base, sign(key, 'e2e-ann', 'Ann Signed')))
  let chat = await chatOf(first)
  await say(chat, said)
  await chat.waitForSelector(`.me:not(.pending) >> text=${said}`)
  check(!(await first.evaluate(() => localStorage.getItem('parlor.main'))), 'nothing of who is logged in stays in the browser')
  const second = await shop(browser, widget(base, sign(key, 'e2e-ann', 'Ann Signed')))
  await (await chatOf(second)).waitForSelector(`.me >> text=${said}`)
  const stranger = await shop(browser, widget(base))
  const other = await chatOf(stranger)
  await other.waitForSelector('textarea')
  check(await sees(other, said) === 0, 'a stranger sees nothing')

  await parlor(first, 'logout')
  await until(async () => (chat = await newest(first)) && await chat.locator('textarea').count() > 0 && await sees(chat, said) === 0, 'logged out')
  const aside = unique('after the logout')
  await say(chat, aside)
  await chat.waitForSelector(`.me:not(.pending) >> text=${aside}`)
  check(await sees(chat, said) === 0, 'who is logged out sees nothing')
  await parlor(first, 'identify', sign(key, 'e2e-bo-' + unique('').trim(), 'Bo Signed'))
  await until(async () => (chat = await newest(first)) && await sees(chat, aside) === 1, 'what was said before the login comes along')
  check(await sees(chat, said) === 0, 'another person sees nothing')
  await first.reload()
  chat = await chatOf(first)
  await chat.waitForSelector(`.me >> text=${said}`)

  await parlor(second, 'identify', sign('not the key', 'e2e-ann', 'Ann Signed'))
  await until(async () => (await second.evaluate(() => globalThis.heard)).includes('identity_invalid'), 'the page hears that the token does not hold')
  chat = await newest(second)
  await chat.waitForSelector('[role=alert]')
  check(await sees(chat, said) === 0, 'a forged token shows nothing')
  for (const page of [first, second, stranger]) await page.context().close()
  return said
}

/** A flag of the page chooses the team only for who is signed. */
async function flags(browser, base, a, key) {
  const company = await a.call('GET', '/admin/company')
  const team = (await a.call('GET', '/admin/teams')).items.at(-1)
  await a.call('PUT', '/admin/company', { name: company.name, settings: { ...company.settings, flags: { ...company.settings.flags, inboxes: [], teams: { vip: team.id } } } })
  try {
    for (const user of [undefined, { identity: sign(key, 'e2e-vip-' + unique('').trim(), 'Vip Signed') }]) {
      const text = unique('with a flag')
      const page = await shop(browser, `<script>window.easemobim = { config: { routingRuleFlag: 'vip', user: ${JSON.stringify(user ?? {})} } }</script><script src="${base}/webim/easemob.js?configId=main"></script>`)
      await page.waitForFunction(() => !!globalThis.easemobim?.bind)
      await page.evaluate(() => globalThis.easemobim.bind({}))
      const panel = await panelOf(page)
      await page.evaluate((x) => globalThis.easemobim.sendText(x), text)
      await panel.waitForSelector(`.me:not(.pending) >> text=${text}`)
      const views = await Promise.all(['queue', 'all'].map((v) => a.call('GET', `/conversations?view=${v}&limit=200`)))
      const found = views.flatMap((x) => x.items).find((c) => c.lastText === text)
      check(!!found, 'the conversation is there')
      const { asked } = await a.call('GET', `/conversations/${found.id}/routing`)
      check(user ? !asked.refused && asked.teamBy === 'routing_flag' && found.team === team.id : asked.refused?.[0] === 'untrusted', `${user ? 'signed' : 'unsigned'}: ${JSON.stringify(asked)}`)
      await page.context().close()
    }
  } finally {
    await a.call('PUT', '/admin/company', { name: company.name, settings: company.settings })
  }
}

export async function identity(browser, base, mock) {
  if (mock) return
  const a = await admin(base)
  await a.clear()
  await a.set({ offline: { disabled: true } })
  try {
    const key = await makeKey(browser, base, a)
    const said = await people(browser, base, key)
    for (const [width, height, theme, locale] of [[1440, 900, 'light', 'en'], [1440, 900, 'dark', 'zh-CN']]) {
      const agent = await open(browser, { width, height, theme, locale })
      await signIn(agent, base, '/console/inbox/all')
      await agent.click(`[role=option]:has-text("${said}")`)
      await agent.locator('[data-test=verified]').hover()
      await agent.getByRole('tooltip').first().waitFor({ state: 'attached' })
      await shot(agent, `identity-card-${width}-${theme}`)
      await agent.context().close()
    }
    await flags(browser, base, a, key)
    await a.set({ offline: { disabled: true }, identityRequired: true })
    const page = await shop(browser, widget(base))
    const chat = await chatOf(page)
    await chat.waitForSelector('[role=alert] >> text=Please log in')
    await shot(page, 'identity-required')
    await until(async () => (await page.evaluate(() => globalThis.heard)).includes('identity_required'), 'the page hears that somebody must log in')
    await parlor(page, 'identify', sign(key, 'e2e-ann', 'Ann Signed'))
    let signed
    await until(async () => (signed = await newest(page)) && await sees(signed, said) === 1, 'who logs in is served')
    await page.context().close()
  } finally {
    await a.reset()
    for (const k of (await a.call('GET', '/admin/inboxes/main/identity-keys')).items) await a.call('DELETE', `/admin/inboxes/main/identity-keys/${k.id}`)
  }
}
