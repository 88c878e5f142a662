// The export centre: its page and form in each look with axe, the ways to it from the lists, and a file from asking to
// its cells: Chinese stays Chinese, and what looks like a formula is text.
import { readFileSync } from 'node:fs'
import { axe, check, open, openChat, say, shot, signIn, unique, until } from './lib.mjs'

const LOOKS = [['light', 'zh-CN', 1440, 900], ['dark', 'en', 1024, 768], ['light', 'pt-BR', 390, 844], ['dark', 'zh-CN', 390, 844]]

async function pictures(browser, base) {
  for (const [theme, locale, width, height] of LOOKS) {
    const page = await open(browser, { width, height, theme, locale, touch: width < 500 })
    await signIn(page, base)
    await page.goto(`${base}/console/exports`)
    await page.waitForSelector('[data-test=exports]')
    await page.waitForSelector('[aria-busy=true]', { state: 'detached' })
    await shot(page, `exports-${theme}-${locale}-${width}`)
    await axe(page, `exports ${theme} ${locale} ${width}`)
    await until(() => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `exports fits ${width} px`)
    await page.click('[data-test=export-new]')
    await page.selectOption('[data-test=export-format]', 'xlsx')
    await shot(page, `exports-form-${theme}-${locale}-${width}`)
    await axe(page, `form of an export ${theme} ${locale} ${width}`)
    check(!page.faults.length, 'no errors on the console: ' + page.faults.join('; '))
    await page.context().close()
  }
}

/** Asks for what the form says and returns the bytes of the file. */
async function file(page) {
  await page.click('[data-test=export-ask]')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  const row = page.locator('[data-test=export-row]').first()
  await until(async () => (await row.getAttribute('data-state')) === 'done', 'the export is done', 30_000)
  const [download] = await Promise.all([page.waitForEvent('download'), row.locator('[data-test=export-download]').click()])
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) }
}

async function work(browser, base) {
  const visitor = await open(browser, { width: 1280, height: 800 })
  const chat = await openChat(visitor, base, '/demo/')
  const mark = unique('').trim()
  await say(chat, `=HYPERLINK("https://evil.example/${mark}","点我")`)
  await say(chat, `第一行，“引号”, ${mark}`)

  const page = await open(browser)
  await signIn(page, base)
  // From each list there is a way to its own export, with what the list is restricted by.
  await page.goto(`${base}/console/ratings`)
  await page.selectOption('select >> nth=0', '90')
  await page.click('[data-test=export-link]')
  await page.waitForSelector('[data-test=export-form]')
  await until(async () => (await page.inputValue('[data-test=export-kind]')) === 'ratings', 'the form is for ratings')
  const [from, to] = await page.locator('[data-test=export-form] input[type=date]').evaluateAll((all) => all.map((x) => Date.parse(x.value)))
  check((to - from) / 86_400_000 === 89, 'the form covers 90 days')
  for (const [path, kind] of [['offline', 'left'], ['admin/audit', 'audit']]) {
    await page.goto(`${base}/console/${path}`)
    await page.click('[data-test=export-link]')
    await page.waitForSelector('[data-test=export-form]')
    await until(async () => (await page.inputValue('[data-test=export-kind]')) === kind, `the form is for ${kind}`)
  }
  await page.goto(`${base}/console/inbox/mine`)
  await page.getByRole('button', { name: '筛选' }).click()
  await page.getByRole('menuitem', { name: '导出' }).click()
  await page.waitForSelector('[data-test=export-form]')
  await until(async () => (await page.inputValue('[data-test=export-kind]')) === 'conversations', 'the form is for conversations')

  await page.selectOption('[data-test=export-kind]', 'messages')
  const csv = await file(page)
  const text = csv.bytes.toString('utf8')
  check(/^messages-\d{8}-\d{4}\.csv$/.test(csv.name), 'its name: ' + csv.name)
  check(text.startsWith('\ufeff会话编号,序号,时间,发送方,'), 'it begins with a mark and a heading')
  check(text.includes(`,"'=HYPERLINK(""https://evil.example/${mark}"",""点我"")",`), 'the formula is guarded')
  check(text.includes(`,"第一行，“引号”, ${mark}",`), 'Chinese is Chinese')
  check(text.endsWith('\r\n'), 'lines end as RFC 4180 has it')
  await shot(page, 'exports-done')

  await page.click('[data-test=export-new]')
  await page.selectOption('[data-test=export-kind]', 'contacts')
  await page.selectOption('[data-test=export-format]', 'xlsx')
  const book = await file(page)
  check(book.bytes.subarray(0, 4).toString('latin1') === 'PK\x03\x04', 'the workbook is one')

  const rows = page.locator('[data-test=export-row]')
  const before = await rows.count()
  page.on('dialog', (d) => void d.accept())
  await rows.first().locator('[data-test=export-remove]').click()
  await until(async () => (await rows.count()) === before - 1, 'the row is gone')
  check(!page.faults.length, 'no errors on the console: ' + page.faults.join('; '))
  await page.context().close()
  await visitor.context().close()
}

export async function exportJourney(browser, base) {
  await work(browser, base)
  await pictures(browser, base)
}
