// The widget on a foreign page with the strictest policy and hostile styles: it works, and the page stays silent.
import { axe, check, open, openChat, say, shot, signIn, unique } from './lib.mjs'

const CSS = '* { all: initial !important; color: lime !important; font: 40px cursive !important } button, iframe, svg, parlor-chat { display: none !important; width: 1px !important } body { background: #eee !important; display: block !important }'

export async function host(browser, base) {
  const page = await open(browser, { width: 1100, height: 760, locale: 'en' })
  const errors = []
  page.on('console', (m) => { if (m.type() === 'error' || m.type() === 'warning') errors.push(m.text()) })
  await page.context().route('http://shop.test/**', (route) => {
    const path = new URL(route.request().url()).pathname
    if (path === '/hostile.css') return route.fulfill({ contentType: 'text/css', body: CSS })
    return route.fulfill({
      contentType: 'text/html',
      headers: { 'Content-Security-Policy': `default-src 'none'; style-src 'self'; script-src ${base}; frame-src ${base}; connect-src ${base} ${base.replace('http', 'ws')}` },
      body: `<!doctype html><html lang="en"><title>Host ${path}</title><link rel="stylesheet" href="/hostile.css"><h1>Host page</h1><script src="${base}/w/main.js" async></script></html>`,
    })
  })
  const agent = await open(browser)
  await signIn(agent, base, '/console/inbox/all')
  // A page counts once it has been looked at for a second: the loader tells the server then, and is greeted.
  const counted = new Promise((greeted) => page.on('websocket', (ws) => ws.on('framereceived', (f) => String(f.payload).startsWith('40/parlor/visitor') && greeted())))
  await page.goto('http://shop.test/one')
  await page.waitForSelector('parlor-chat', { state: 'attached' })
  await counted
  const chat = await openChat(page, 'http://shop.test', '/two')
  const text = unique('from a foreign page')
  await say(chat, text)
  await chat.waitForSelector(`.me:not(.pending) >> text=${text}`)
  const box = await page.evaluate(() => document.querySelector('parlor-chat').getBoundingClientRect().toJSON())
  check(box !== undefined, 'the host element is there')
  await shot(page, 'widget-hostile-host')
  await axe(chat, 'panel on a foreign page')
  check(errors.length === 0, 'the host page is not silent: ' + errors.join('; '))

  // Both pages are in the trail although the visitor was unknown on the first.
  await agent.click(`[role=option]:has-text("${text}")`)
  await agent.waitForSelector('[data-test=trail] >> text=/two')
  await agent.waitForSelector('[data-test=trail] >> text=/one')
  await agent.context().close()
  await page.context().close()
}
