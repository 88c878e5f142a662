// Business bindings and flags: an administrator binds, imports and reads the history, sets policies, maps a flag and adds a rule; pictures in each look.
import { axe, check, open, quiet, shot, signIn, unique, until } from './lib.mjs'

const LOOKS = [['light', 'zh-CN', 1440, 900], ['dark', 'en', 1024, 768], ['light', 'pt-BR', 390, 844], ['dark', 'pt-BR', 1440, 900], ['light', 'en', 1024, 768], ['dark', 'zh-CN', 390, 844]]

/** The field whose label begins with a text: hints are part of labels too. */
const field = (box, text) => box.locator('label').filter({ hasText: new RegExp('^' + text) }).locator('input, select').first()

async function bind(page, base, visitor) {
  const box = page.getByRole('dialog')
  page.on('dialog', (d) => void d.accept())
  await page.goto(base + '/console/admin/bindings')
  await page.getByRole('button', { name: 'Bind a visitor' }).click()
  await axe(page, 'dialog of a binding')
  await shot(page, 'bindings-dialog')
  await field(box, 'Visitor').fill(visitor)
  await field(box, 'Business flag').fill('lead')
  await field(box, 'Agent').selectOption({ index: 1 })
  await field(box, 'Why').fill('As agreed on the phone')
  await box.getByRole('button', { name: 'Save' }).click()
  await box.waitFor({ state: 'detached' })
  await page.getByRole('search').getByLabel('Visitor').fill(visitor.toUpperCase().slice(0, 12))
  const row = page.locator('[data-test=binding-row]').filter({ hasText: visitor })
  await row.waitFor()

  // The same again is refused in words.
  await page.getByRole('button', { name: 'Bind a visitor' }).click()
  await field(box, 'Visitor').fill(visitor)
  await field(box, 'Business flag').fill('lead')
  await field(box, 'Agent').selectOption({ index: 2 })
  await box.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The visitor is bound for this flag already').waitFor()
  await field(box, 'Replace').check()
  await box.getByRole('button', { name: 'Save' }).click()
  await box.waitFor({ state: 'detached' })
  await row.getByRole('button', { name: 'History of ' + visitor }).click()
  await until(async () => (await box.locator('[data-test=binding-change]').count()) === 2, 'both changes are in the history')
  await box.getByText('As agreed on the phone').waitFor()
  await axe(page, 'history of a binding')
  await shot(page, 'bindings-history')
  await page.keyboard.press('Escape')
  return row
}

async function importList(page, agent, prefix) {
  const box = page.getByRole('dialog')
  await page.getByRole('button', { name: 'Import' }).click()
  const lines = ['businessFlag,visitUserName,agentUserName', ...Array.from({ length: 2500 }, (_, i) => `after-sales,${prefix}-${i},${agent}`), `after-sales,${prefix}-0,${agent}`, 'after-sales,somebody,nobody@example.com']
  await box.locator('input[type=file]').setInputFiles({ name: 'crm.csv', mimeType: 'text/csv', buffer: Buffer.from(lines.join('\r\n')) })
  await box.getByRole('button', { name: 'Import' }).click()
  await box.locator('[data-test=binding-report]').waitFor()
  const said = await box.locator('[data-test=binding-report]').innerText()
  check(said.includes('2,500 bound') && said.includes('2 refused') && said.includes('Line 2502') && said.includes('Line 2503'), 'the report names what was refused: ' + said)
  await axe(page, 'import of bindings')
  await shot(page, 'bindings-import')
  await box.getByRole('button', { name: 'Close' }).last().click()
  await page.getByRole('search').getByLabel('Visitor').fill(prefix)
  await page.getByText('2,500 bindings').waitFor()
  await until(async () => (await page.locator('[data-test=binding-row]').count()) === 50, 'a page has 50 rows')
  await page.getByRole('button', { name: 'More' }).click()
  await until(async () => (await page.locator('[data-test=binding-row]').count()) === 100, 'the next page follows')
}

async function flags(page, base) {
  await page.goto(base + '/console/admin/flags')
  await page.locator('[data-test=flag-policy]').first().waitFor()
  const old = page.locator('main').getByRole('button', { name: /^Remove/ })
  while (await old.count()) await old.last().click() // of a run before
  await page.getByRole('button', { name: 'Add a flag' }).click()
  const policy = page.locator('[data-test=flag-policy]').last()
  await field(policy, 'Business flag').fill('lead')
  await field(policy, 'Agent is full').selectOption('at_once')
  await page.getByRole('button', { name: 'Add a routing flag' }).click()
  await page.locator('[data-test=flag-team]').last().getByLabel('Routing flag').fill('buy')
  await page.locator('[data-test=flag-team]').last().locator('select').selectOption({ index: 1 })
  await page.getByRole('button', { name: 'Add a rule' }).click()
  const rule = page.locator('[data-test=bind-rule]').last()
  await field(rule, 'Name').fill(unique('Rated well'))
  await field(rule, 'When').selectOption('rated')
  await field(rule, 'Business flag').fill('lead')
  await field(rule, 'With at least').fill('80')
  await axe(page, 'flags that are edited')
  await shot(page, 'flags-edited')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('status').filter({ hasText: /^Saved/ }).first().waitFor()
  await page.reload()
  await until(async () => (await page.locator('[data-test=bind-rule]').count()) === 1, 'the rule is kept')
  await until(async () => (await field(page.locator('[data-test=bind-rule]'), 'With at least').inputValue()) === '80', 'its score is kept')
  await until(async () => (await page.locator('[data-test=flag-policy]').count()) === 2, 'the policy is kept')
}

/** A long queue of a team sends visitors on. */
async function spills(page, base) {
  await page.goto(base + '/console/admin/teams')
  await page.locator('main li a').first().click()
  const box = page.locator('[data-test=spills]')
  await box.locator('summary').click()
  await box.getByRole('button', { name: 'Add a rule' }).click()
  await field(box, 'More than').fill('7')
  await field(box, 'Send on').selectOption({ index: 1 })
  await box.getByRole('checkbox').first().check()
  await axe(page, 'long queue')
  await shot(page, 'team-spills')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('status').filter({ hasText: /^Saved/ }).first().waitFor()
  await page.reload()
  await box.locator('summary').click()
  await until(async () => (await field(box, 'More than').inputValue()) === '7', 'the rule of the queue is kept')
  await until(() => box.getByRole('checkbox').first().isChecked(), 'who is told is kept')
  await box.getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('status').filter({ hasText: /^Saved/ }).first().waitFor()
}

export async function bindings(browser, base) {
  const page = await open(browser, { locale: 'en' })
  await signIn(page, base)
  const name = unique('U').replace(' ', '_')
  const row = await bind(page, base, name)
  await importList(page, 'lin@demo.parlor', unique('i').replace(' ', '-'))
  await flags(page, base)
  await spills(page, base)
  check(!page.faults.length, 'no errors on the console: ' + page.faults.join('; '))
  await page.goto(base + '/console/admin/bindings')
  await page.getByRole('search').getByLabel('Visitor').fill(name)
  await row.getByRole('button', { name: 'Remove' }).click()
  await row.waitFor({ state: 'detached' })
  await page.context().close()
  for (const [theme, locale, width, height] of LOOKS) {
    const look = await open(browser, { width, height, theme, locale, touch: width < 500 })
    await signIn(look, base)
    for (const path of ['bindings', 'flags']) {
      await look.goto(`${base}/console/admin/${path}`)
      await look.waitForSelector('main h2')
      await quiet(look)
      await shot(look, `${path}-${theme}-${locale}-${width}`)
      await axe(look, `${path} ${theme} ${locale} ${width}`)
      const wide = await look.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      check(wide <= 0, `${path} is ${wide} px wider than the screen at ${width}`)
    }
    await look.context().close()
  }
}
