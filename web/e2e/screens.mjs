// Pictures of every screen at three sizes, with axe on each. PARLOR_SCREENS=all takes both themes in all languages.
import { axe, open, openChat, say, shot, signIn } from './lib.mjs'

const LOOKS = process.env.PARLOR_SCREENS === 'all'
  ? ['light', 'dark'].flatMap((theme) => ['zh-CN', 'en', 'pt-BR'].map((locale) => [theme, locale]))
  : [['light', 'zh-CN'], ['dark', 'en'], ['light', 'pt-BR']]
const SIZES = [['desk', 1440, 900], ['tablet', 1024, 768], ['phone', 390, 844]]

export async function screens(browser, base, mock) {
  for (const [theme, locale] of LOOKS) {
    for (const [size, width, height] of SIZES) {
      const name = `${theme}-${locale}-${size}`
      const page = await open(browser, { width, height, theme, locale, touch: size === 'phone' })
      await page.goto(base + '/console/')
      await page.waitForSelector('input[name=username]')
      await shot(page, `console-${name}-0-login`)
      await axe(page, name + ' login')
      await signIn(page, base)
      if (!(await page.locator('[role=option]').count())) {
        await page.goto(base + '/console/inbox/closed')
        await page.waitForSelector('[role=option]')
      }
      mock?.act({ conversation: 'c1', typing: 'O pedido ainda não' })
      await shot(page, `console-${name}-1-list`)
      await axe(page, name + ' list')
      await page.locator('[role=option]').first().click()
      await page.waitForSelector('[role=log] [id^=m-]')
      if (mock) {
        mock.act({ conversation: page.url().split('/').pop(), typing: '那今天下单，明天能' })
        await page.getByText('那今天下单，明天能').first().waitFor()
      }
      await shot(page, `console-${name}-2-thread`)
      await axe(page, name + ' thread')
      if (size === 'desk' && (await page.locator('textarea').count())) {
        const box = page.locator('textarea').first()
        await box.pressSequentially('/')
        await page.waitForSelector('#canned-list')
        await shot(page, `console-${name}-3-canned`)
        await axe(page, name + ' canned')
        await box.press('Escape')
        await box.fill('')
        await page.locator('[role=log]').focus()
        await page.keyboard.press('t')
        await page.waitForSelector('[role=dialog] fieldset label')
        await shot(page, `console-${name}-4-transfer`)
        await axe(page, name + ' transfer')
        await page.keyboard.press('Escape')
      } else {
        await page.locator('header button').last().click()
        await page.waitForSelector('[role=dialog]')
        await shot(page, `console-${name}-3-details`)
        await axe(page, name + ' details')
      }
      await page.context().close()
    }
    for (const [size, width, height] of [['desk', 1280, 800], ['phone', 390, 844]]) {
      const page = await open(browser, { width, height, theme, locale, touch: size === 'phone' })
      const chat = await openChat(page, base, '/demo/product.html?id=luna')
      await chat.waitForSelector('.bubble')
      await say(chat, { 'zh-CN': '你好，月球灯能调光吗？', en: 'Hello! Can the moon lamp be dimmed?', 'pt-BR': 'Oi! A luminária da lua tem ajuste de brilho?' }[locale])
      await chat.waitForSelector('.me:not(.pending)')
      await shot(page, `widget-${theme}-${locale}-${size}`)
      await axe(chat, `widget ${theme} ${locale} ${size}`)
      await page.evaluate(() => globalThis.Parlor('close'))
      await page.goto(base + '/demo/')
      await shot(page, `demo-${theme}-${locale}-${size}`)
      await axe(page, `demo ${theme} ${locale} ${size}`)
      await page.context().close()
    }
  }
}
