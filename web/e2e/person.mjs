// The person behind a visitor: looked at and changed beside a conversation.
import assert from 'node:assert/strict'
import { axe, open, shot, signIn } from './lib.mjs'

export async function person(browser, url, mock) {
  if (mock) return
  for (const [width, height, theme, locale] of [[1440, 900, 'light', 'zh-CN'], [1440, 900, 'dark', 'pt-BR'], [390, 844, 'light', 'en'], [390, 844, 'dark', 'zh-CN']]) {
    const page = await open(browser, { width, height, theme, locale, touch: width < 500 })
    await signIn(page, url, '/console/inbox/closed')
    await page.locator('[role=option]').first().click()
    await page.waitForSelector('[role=log] [id^=m-]')
    const section = page.locator('[data-test=person]')
    if (width < 1200) await page.locator('header button').last().click()
    await section.waitFor()
    await section.scrollIntoViewIfNeeded()
    await shot(page, `person-${width}-${theme}`)
    await section.locator('button.btn-icon').click()
    const dialog = page.getByRole('dialog').last()
    await dialog.locator('textarea').first().fill('Vera@shop.example\nvera.lee@work.example')
    await dialog.locator('textarea').last().fill('+86 138 0013 8000')
    await dialog.locator('select').selectOption({ index: 1 })
    await shot(page, `person-dialog-${width}-${theme}`)
    await axe(page, `person ${width} ${theme}`)
    await dialog.locator('button[type=submit]').click()
    await section.getByText('vera.lee@work.example').waitFor()
    assert.deepEqual(page.faults, [])
    await page.context().close()
  }
}
