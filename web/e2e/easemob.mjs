// A page with Easemob's globals: a hidden button, flags and a card before the first word, callbacks.
import { check, open, panelOf, shot, signIn, unique, until } from './lib.mjs'

export async function easemob(browser, base) {
  const page = await open(browser, { width: 1100, height: 760, locale: 'en' })
  const order = unique('A')
  await page.context().route('http://shop.test/**', (route) => route.fulfill({
    contentType: 'text/html',
    body: `<!doctype html><html lang="en"><title>Shop</title><h1>Shop</h1><script>
      window.calls = []
      const note = (name) => () => calls.push(name)
      window.easemobim = { config: { hide: true, visitor: { userNickname: 'Mia of the shop' }, extMsg: { msgtype: { order: { title: 'About my order', order_id: ${JSON.stringify(order)} } } },
        onready: note('ready'), onopen: note('open'), onclose: note('close'), onsessioncreat: note('created') } }
    </script><script src="${base}/webim/easemob.js?configId=main"></script></html>`,
  }))
  await page.goto('http://shop.test/')
  const calls = () => page.evaluate(() => globalThis.calls.join(' '))
  await page.waitForFunction(() => !!globalThis.easemobim?.bind)
  await page.evaluate(() => globalThis.easemobim.sendExt({ ext: { cmd: { updateVisitorInfoSrc: { params: { orderNo: 'A-1' } } } } }))
  await until(async () => await page.locator('parlor-chat').count() === 0, 'the button is hidden')
  await page.evaluate(() => globalThis.easemobim.bind({}))
  const panel = await panelOf(page)
  await panel.waitForSelector(`.me >> text=${order}`)
  const said = unique('from the page')
  await page.evaluate((text) => globalThis.easemobim.sendText(text), said)
  await panel.waitForSelector(`.me >> text=${said}`)
  await until(async () => /ready/.test(await calls()) && /created/.test(await calls()), 'the callbacks')
  await shot(page, 'easemob-page')
  await page.evaluate(() => globalThis.easemobim.minimize())
  await until(async () => (await page.locator('parlor-chat').count()) === 0, 'minimised')
  await page.evaluate(() => globalThis.easemobim.restore())
  // The frame is a new one; the old one may not have gone yet.
  await until(async () => {
    const frames = page.frames().filter((f) => f.url().includes('/w/panel/'))
    const shown = await Promise.all(frames.map((f) => f.locator(`.me >> text=${said}`).count().catch(() => 0)))
    return shown.some((n) => n > 0)
  }, 'the chat with what was said')
  check((await calls()).split(' ').filter((x) => x === 'ready').length === 1, 'ready is told once: ' + (await calls()))

  const agent = await open(browser)
  await signIn(agent, base, '/console/inbox/all')
  await agent.click(`[role=option]:has-text("${said}")`)
  await agent.waitForSelector(`text=${order}`)
  await agent.waitForSelector('text=Mia of the shop')
  await agent.context().close()
  await page.context().close()
}
