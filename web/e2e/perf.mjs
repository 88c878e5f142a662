// The main-thread budgets. Everything is counted in CPU time of the renderer's main thread, so that a busy machine
// does not change the figures.
import { createServer } from 'node:http'
import { check, open, signIn, unique, until } from './lib.mjs'
import { Visitor } from './visitor.mjs'

/** Budgets in ms of CPU time on the main thread. */
const BUDGET = { loader: 10, open: 50, events: 1_500 }
const EVENTS = 300

export const median = (list) => {
  const sorted = list.slice().sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}
const wait = (ms) => new Promise((r) => setTimeout(r, ms))

/** The CPU time of a page's main thread, ms since the page began. */
async function meter(page) {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' })
  const read = async () => (await cdp.send('Performance.getMetrics')).metrics.find((m) => m.name === 'TaskDuration').value * 1_000
  return { cdp, read }
}

/** Measures until a figure is within its budget, at most three times: what a busy neighbour does to caches only ever adds. */
async function enforce(what, budget, measure) {
  for (let left = 2; ; left--) {
    const [got, more] = await measure()
    console.log(`     ${what.padEnd(34)} ${got.toFixed(1).padStart(7)} of ${budget} ms  ${more}`)
    if (got <= budget) return
    check(left > 0, `${what}: ${got.toFixed(1)} ms of CPU time, the budget is ${budget} ms`)
  }
}
const spread = (list) => `(${Math.min(...list).toFixed(1)} to ${Math.max(...list).toFixed(1)}, ${list.length} runs)`

/** A plain page of another origin, with or without the loader; the difference is what the loader costs. */
async function loader(browser, base) {
  const text = '<p>Every lamp is tested for a day before it leaves the house.</p>'.repeat(40)
  const site = createServer((req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/html' })
    res.end(`<!doctype html><html lang="en"><title>Shop</title><h1>Shop</h1>${text}${req.url === '/with' ? `<script src="${base}/w/main.js" async></script>` : ''}`)
  })
  await new Promise((done) => site.listen(0, '127.0.0.1', done))
  const runs = { with: [], without: [] }
  for (let i = 0; i < 7; i++) {
    for (const kind of ['with', 'without']) {
      const page = await open(browser, { locale: 'en' })
      const { read } = await meter(page)
      const before = await read()
      await page.goto(`http://127.0.0.1:${site.address().port}/${kind}`)
      // The loader reports the page 300 ms after it ran.
      await wait(600)
      runs[kind].push((await read()) - before)
      if (kind === 'with') check(await page.locator('parlor-chat').count(), 'the loader drew its button')
      await page.context().close()
    }
  }
  site.close()
  const cost = runs.with.map((ms, i) => ms - runs.without[i])
  return [median(runs.with) - median(runs.without), `page without it ${median(runs.without).toFixed(1)} ${spread(cost)}`]
}

/** Clicks rows of the list with bare input events, so that no probing of the page is counted. */
async function opening(page, { cdp, read }) {
  const runs = []
  const rows = page.locator('[role=option]')
  const n = Math.min(8, await rows.count())
  check(n >= 2, 'there are conversations to open')
  for (let i = 0; i < Math.max(n, 8); i++) {
    const row = page.locator('[role=option]').nth(i % n)
    const id = (await row.getAttribute('id')).slice(4)
    const box = await row.boundingBox()
    const at = { x: box.x + 120, y: box.y + 30, button: 'left', clickCount: 1 }
    await cdp.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x: at.x, y: at.y })
    await wait(300)
    const before = await read()
    await cdp.send('Input.dispatchMouseEvent', { type: 'mousePressed', ...at })
    await cdp.send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...at })
    await wait(700)
    runs.push((await read()) - before)
    check(page.url().endsWith(id), 'the row that was clicked is open')
    check(await page.locator('[role=log] [id^=m-]').count(), 'its messages are there')
  }
  return [median(runs), spread(runs)]
}

/** Messages of six visitors, fifty a second, one of whom is on screen. */
async function events(page, base, { read }, frames) {
  const mark = unique('灯').slice(2)
  const heard = new Set()
  frames.on = (data) => {
    if (!data.startsWith('42/parlor/agent,["message"')) return
    const [, { message }] = JSON.parse(data.slice(data.indexOf('[')))
    if (message.text?.startsWith(mark)) heard.add(message.id)
  }
  const visitors = await Promise.all(Array.from({ length: 6 }, () => Visitor.arrive(base)))
  for (const [i, v] of visitors.entries()) await v.post(`${mark} 你好 ${i}`)
  await page.click(`[role=option]:has-text("${mark} 你好 5")`)
  await page.waitForSelector(`[role=log] >> text=${mark} 你好 5`)
  await until(() => heard.size >= visitors.length, 'the first messages')
  await page.mouse.move(900, 300)
  await wait(800)
  heard.clear()
  const before = await read()
  const from = Date.now()
  const posts = []
  for (let i = 0; i < EVENTS; i++) {
    posts.push(visitors[i % 6].post(`${mark} 第 ${i} 条：这盏灯什么时候发货？`))
    await wait(from + (i + 1) * 20 - Date.now())
  }
  await Promise.all(posts)
  await until(() => heard.size >= EVENTS, `all ${EVENTS} messages in the console`)
  await wait(500)
  const took = (await read()) - before
  await page.waitForSelector(`[role=log] >> text=${mark} 第 ${EVENTS - 1} 条`)
  for (const v of visitors) await v.leave()
  return [took, `(${(took / EVENTS).toFixed(2)} ms each, ${heard.size} heard in ${((Date.now() - from) / 1000).toFixed(1)} s)`]
}

export async function perf(browser, base) {
  await enforce('widget loader at page load', BUDGET.loader, () => loader(browser, base))
  const page = await open(browser)
  const frames = { on() {} }
  page.on('websocket', (ws) => ws.on('framereceived', ({ payload }) => frames.on(String(payload))))
  await signIn(page, base, '/console/inbox/all')
  await page.click('[data-test=state]')
  await page.click('[role=menuitem]:has-text("就绪")')
  if (!(await page.locator('[role=option]').nth(1).count())) await page.goto(base + '/console/inbox/closed')
  await page.waitForSelector('[role=option] >> nth=1')
  const m = await meter(page)
  await enforce('opening a conversation', BUDGET.open, () => opening(page, m))
  await page.click('[role=radio]:has-text("全部")')
  await enforce(`${EVENTS} live events`, BUDGET.events, () => events(page, base, m, frames))
  check(page.faults.length === 0, 'faults in the console: ' + page.faults.join('; '))
  await page.context().close()
}
