// Pictures of the agent's pages beside the inbox, at three sizes in both themes, with axe on each.
import { axe, check, open, shot, signIn, until } from './lib.mjs'

const LOOKS = process.env.PARLOR_SCREENS === 'all'
  ? ['light', 'dark'].flatMap((theme) => ['zh-CN', 'en', 'pt-BR'].map((locale) => [theme, locale]))
  : [['light', 'zh-CN'], ['dark', 'pt-BR'], ['light', 'en']]
const SIZES = [['desk', 1440, 900], ['tablet', 1024, 768], ['phone', 390, 844]]

/** Each page: its address, what to wait for, and something to open on it. */
const PAGES = [
  ['queue', 'h1', async (page) => { const b = page.locator('[data-test=waiting] button[aria-expanded]').first(); if (await b.count()) await b.click(); const w = page.locator('[data-test=why-not]').first(); if (await w.count()) { await w.click(); await page.waitForSelector('[data-test=given] [role=status]') } }],
  ['mentions', 'h1'],
  ['canned', 'h1', async (page) => { await page.locator('nav button').nth(0).waitFor(); await page.click('[data-test=add-entry]'); await page.waitForSelector('[role=dialog] textarea') }],
  ['pictures', 'h1'],
  ['visitors', 'h1', async (page) => { const b = page.locator('[data-test=online] button:enabled').first(); if (await b.count()) { await b.click(); await page.waitForSelector('[role=dialog] textarea') } }],
  ['visitors/invitations', 'h1'],
  ['ratings', 'h1'],
  ['reports', '[data-test=service]', async (page) => { await page.selectOption('select >> nth=0', 'day'); await page.hover('[data-test=service] th button'); await page.waitForSelector('[role=tooltip]', { state: 'attached' }) }],
  ['followups', 'h1'],
  ['offline', 'h1', async (page) => { const b = page.locator('[data-test=left]').first(); if (await b.count()) { await b.click(); await page.waitForSelector('article h2') } }],
  ['blacklist', 'h1'],
]

export async function pages(browser, base) {
  for (const [theme, locale] of LOOKS) {
    for (const [size, width, height] of SIZES) {
      const name = `${theme}-${locale}-${size}`
      const page = await open(browser, { width, height, theme, locale, touch: size === 'phone' })
      await signIn(page, base)
      for (const [path, ready, extra] of PAGES) {
        await page.goto(`${base}/console/${path}`)
        await page.waitForSelector(ready)
        await page.waitForSelector('[aria-busy=true]', { state: 'detached' })
        await shot(page, `page-${path.replace('/', '-')}-${name}`)
        await axe(page, `${name} ${path}`)
        await until(() => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} fits ${width} px`)
        if (!extra) continue
        await extra(page)
        await shot(page, `page-${path}-open-${name}`)
        await axe(page, `${name} ${path}, opened`)
      }
      // The colleagues' chat lies over whatever page there is: its list, then a chat.
      await page.click('[data-test=chat-toggle]')
      await page.waitForSelector('[data-test=chat] input')
      await shot(page, `page-chat-${name}`)
      await axe(page, `${name} chat`)
      await page.locator('[data-test=chat] li button').first().click()
      await page.waitForSelector('[data-test=chat] textarea')
      await shot(page, `page-chat-open-${name}`)
      await axe(page, `${name} chat, opened`)
      check(page.faults.length === 0, `faults on the pages, ${name}: ` + page.faults.join('; '))
      await page.context().close()
    }
  }
}
