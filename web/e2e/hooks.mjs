// Part of the journey of administrators: regions of a team, adverts, webhooks with their log.
import { createServer } from 'node:http'
import { axe, check, shot, until } from './lib.mjs'

/** A receiver that refuses while `status` is not 200. */
function receiver() {
  const got = []
  const box = { status: 200, got, close: () => server.close() }
  const server = createServer((req, res) => {
    let body = ''
    req.on('data', (part) => { body += part })
    req.on('end', () => {
      got.push({ headers: req.headers, body: JSON.parse(body) })
      res.writeHead(box.status).end('thank you')
    })
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(Object.assign(box, { url: `http://127.0.0.1:${server.address().port}/crm` }))))
}

export async function hooks(page, base, id) {
  const saved = () => page.getByRole('status').filter({ hasText: /^Saved/ }).first().waitFor()
  await page.goto(base + '/console/admin/teams')
  await page.getByRole('link', { name: 'VIP care' }).click()
  await page.getByLabel('Regions').fill('CN，广东, 深圳')
  await page.getByLabel('Regions').blur()
  const desk = page.locator('[data-test=desk]')
  await desk.locator('summary').click()
  await desk.getByLabel('E-mail').fill('vip@shop.example')
  await desk.getByLabel('Tags offered at closing').fill('退款，发货')
  await desk.getByLabel('Offered in the form').uncheck()
  await desk.getByLabel('Stands in').selectOption({ index: 1 })
  await shot(page, 'admin-department')
  await axe(page, 'department')
  await page.getByRole('button', { name: 'Save' }).click()
  await saved()
  await page.reload()
  await until(async () => (await page.getByLabel('Regions').inputValue()) === 'CN, 广东, 深圳', 'the regions are kept')
  await desk.locator('summary').click()
  await until(async () => (await desk.getByLabel('Tags offered at closing').inputValue()) === '退款, 发货', 'the tags are kept')
  await until(async () => !(await desk.getByLabel('Offered in the form').isChecked()) && (await desk.getByLabel('Stands in').inputValue()) !== '', 'the department is kept')

  await page.goto(`${base}/console/admin/inboxes/${id}/look`)
  await page.getByRole('button', { name: 'Add an advert' }).click()
  await page.locator('[data-test=ad]').getByRole('textbox', { name: 'Text' }).fill('夏季大促')
  await page.getByLabel('Link', { exact: true }).last().fill('https://shop.example/sale')
  await page.getByRole('checkbox', { name: 'VIP care' }).check()
  await page.getByLabel('List of teams at the entry button').check()
  await page.getByRole('button', { name: 'Save' }).click()
  await saved()
  await shot(page, 'admin-adverts')
  await axe(page, 'adverts')

  const crm = await receiver()
  await page.goto(base + '/console/admin/hooks')
  await page.getByRole('button', { name: 'Add a webhook' }).click()
  const box = page.getByRole('dialog')
  await box.getByLabel('Name').fill('CRM')
  await box.getByLabel('Address').fill(crm.url)
  await box.getByLabel('Form of the bodies').selectOption('rocketchat')
  await box.getByLabel('Message of the visitor').check()
  await box.getByLabel('Message left').check()
  await box.getByLabel('Secret in the header').fill('s3cret')
  await box.getByLabel('Attempts').fill('1')
  await axe(page, 'webhook dialog')
  await shot(page, 'admin-webhook')
  await box.getByRole('button', { name: 'Save' }).click()
  await saved()
  await page.getByRole('button', { name: 'Send a sample to CRM' }).click()
  await until(async () => crm.got.length === 1, 'the sample arrives')
  check(crm.got[0].headers['x-rocketchat-livechat-token'] === 's3cret' && crm.got[0].body.type === 'LivechatSession', 'the sample has the secret and the form')

  crm.status = 503
  const session = await (await fetch(base + '/api/parlor/v1/visitor/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ inbox: id }) })).json()
  const leave = await fetch(base + '/api/parlor/v1/visitor/leave', { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer ' + session.token }, body: JSON.stringify({ answers: { name: 'Bia', email: 'bia@example.com', content: 'Please call me' } }) })
  check(leave.ok, 'a message is left: ' + leave.status)
  await until(async () => crm.got.length === 2, 'the left message is told')
  check(crm.got[1].body.type === 'LivechatOfflineMessage' && crm.got[1].body.message === 'Please call me', 'the left message is whole')
  await page.reload()
  await page.getByRole('radio', { name: 'Set aside' }).click()
  const row = page.locator('[data-test=attempt]').filter({ hasText: 'answered 503' })
  await row.first().waitFor()
  await axe(page, 'webhook log')
  await shot(page, 'admin-webhook-log')
  crm.status = 200
  await row.first().getByRole('button', { name: 'Details' }).click()
  await page.getByRole('dialog').getByText('Please call me').waitFor()
  await axe(page, 'delivery')
  await shot(page, 'admin-webhook-delivery')
  await page.getByRole('dialog').getByRole('button', { name: 'Send again' }).click()
  await until(async () => crm.got.length === 3, 'it is sent again')
  check(crm.got[2].headers['x-webhook-id'] === crm.got[1].headers['x-webhook-id'], 'under the same delivery id')
  page.once('dialog', (d) => d.accept())
  await page.getByRole('button', { name: 'Remove CRM' }).click()
  await page.getByText('No webhooks yet').waitFor()
  crm.close()
}
