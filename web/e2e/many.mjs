// Five thousand conversations in one list, on the invented backend: scrolling stays smooth and the page stays small.
import { check, open, signIn } from './lib.mjs'
import { median } from './perf.mjs'

const WANTED = 5_000
/** Rows in the document at once: a screen of them and some more on either side. */
const ROWS = 60
/** ms of CPU time on the main thread for one frame. */
const FRAME = 16

/** CPU time on the main thread between each two animation frames, from a trace. */
function frames(trace) {
  const { traceEvents: all } = JSON.parse(trace)
  const fired = all.filter((e) => e.name === 'FireAnimationFrame' && e.ph === 'X').sort((a, b) => a.ts - b.ts)
  const { pid, tid } = fired[0]
  const tasks = all.filter((e) => e.pid === pid && e.tid === tid && e.ph === 'X' && e.name.endsWith('RunTask')).sort((a, b) => a.ts - b.ts)
  // What took no measurable time has no thread time.
  check(tasks.some((e) => e.tdur > 0), 'the trace has thread times')
  const starts = [...new Set(fired.map((e) => e.ts))]
  const out = []
  let t = 0
  for (let i = 1; i < starts.length; i++) {
    let sum = 0
    for (; t < tasks.length && tasks[t].ts < starts[i]; t++) sum += (tasks[t].tdur ?? 0) / 1_000
    out.push(sum)
  }
  return out
}

export async function many(browser) {
  const { start } = await import('../scripts/mock-server.mjs')
  const mock = await start({ conversations: 8_500 })
  try {
    const page = await open(browser)
    await signIn(page, mock.url, '/console/inbox/all')
    await page.waitForSelector('[role=option]')
    await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline'] })
    // A screen a frame, to the end of what there is; rows that come with the next page are waited for.
    const seen = await page.evaluate(() => new Promise((done) => {
      const list = document.querySelector('[role=listbox]')
      let most = 0
      let still = 0
      let frame = 0
      let blank = 0
      const step = () => {
        const rows = list.querySelectorAll('[role=option]')
        most = Math.max(most, rows.length)
        if (!rows.length) blank++
        const before = list.scrollTop
        list.scrollTop += 540
        still = list.scrollTop === before ? still + 1 : 0
        if (still > 90) done({ most, blank, frame, last: Number(rows[rows.length - 1].getAttribute('aria-posinset')), total: Number(rows[0].getAttribute('aria-setsize')) })
        else { frame++; requestAnimationFrame(step) }
      }
      requestAnimationFrame(step)
    }))
    const cost = frames((await browser.stopTracing()).toString())
    const busy = cost.slice(0, seen.frame - 90)
    const sorted = busy.slice().sort((a, b) => a - b)
    console.log(`     ${seen.last} of ${seen.total} rows scrolled, at most ${seen.most} in the document; ${busy.length} frames, ${median(busy).toFixed(1)} ms CPU at the median, ${sorted[Math.floor(sorted.length * 0.95)].toFixed(1)} at 95 %`)
    check(seen.last >= WANTED && seen.last === seen.total, `the end of ${WANTED} rows or more was reached: ${seen.last} of ${seen.total}`)
    check(seen.most <= ROWS, `at most ${ROWS} rows in the document, there were ${seen.most}`)
    check(seen.blank === 0, 'never an empty list')
    check(median(busy) < FRAME, `a frame takes ${median(busy).toFixed(1)} ms`)
    // Back to the top in one jump, and a row there opens.
    await page.locator('[role=listbox]').focus()
    await page.keyboard.press('Home')
    await page.click('[role=option][aria-posinset="1"]')
    await page.waitForSelector('[role=log] [id^=m-]')
    check(page.faults.length === 0, 'faults in the console: ' + page.faults.join('; '))
    await page.context().close()
  } finally {
    mock.close()
  }
}
