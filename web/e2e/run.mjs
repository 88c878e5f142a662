// Runs the journeys. PARLOR_E2E_URL names a running server (with demo data); without it a mock is started.
//
//   node e2e/run.mjs [talk] [visit] [desk] [work] [admin] [bindings] [channels] [host] [poll] [canvas] [call] [board] [record] [perf] [many] [screens] [pages] [rocketchat] [person] [easemob] [window] [robot] [export] [identity] [vec]
import { SCREENS, backend, launch } from './lib.mjs'
import { admin } from './admin.mjs'
import { bindings } from './bindings.mjs'
import { board } from './board.mjs'
import { call } from './call.mjs'
import { record } from './record.mjs'
import { canvas } from './canvas.mjs'
import { channels } from './channels.mjs'
import { desk } from './desk.mjs'
import { easemob } from './easemob.mjs'
import { exportJourney } from './export.mjs'
import { host } from './host.mjs'
import { identity } from './identity.mjs'
import { many } from './many.mjs'
import { pages } from './pages.mjs'
import { perf } from './perf.mjs'
import { person } from './person.mjs'
import { poll } from './poll.mjs'
import { robotJourney as robot } from './robot.mjs'
import { rocketchat } from './rocketchat.mjs'
import { screens } from './screens.mjs'
import { talk } from './talk.mjs'
import { alwaysOpen, visit } from './visit.mjs'
import { vec } from './vec.mjs'
import { window } from './window.mjs'
import { work } from './work.mjs'

const JOURNEYS = { talk, visit, desk, work, admin, bindings, channels, host, poll, canvas, call, board, record, perf, many, screens, pages, rocketchat, person, easemob, window, robot, export: exportJourney, identity, vec }
const wanted = process.argv.slice(2).filter((x) => x in JOURNEYS)
const server = await backend()
const browser = await launch()
let failed = 0
const restore = server.mock ? undefined : await alwaysOpen(server.url)
/** Pictures of what a journey that failed has left open; then it is closed, so that the next one is alone. */
async function leave(name) {
  for (const context of browser.contexts()) {
    for (const [n, page] of context.pages().entries()) await page.screenshot({ path: `${SCREENS}failed-${name}-${browser.contexts().indexOf(context)}-${n}.png`, timeout: 5_000 }).catch(() => undefined)
    await context.close().catch(() => undefined)
  }
}
for (const name of wanted.length ? wanted : Object.keys(JOURNEYS)) {
  const from = Date.now()
  try {
    await JOURNEYS[name](browser, server.url, server.mock)
    console.log(`ok   ${name} ${((Date.now() - from) / 1000).toFixed(1)} s`)
  } catch (e) {
    failed++
    console.error(`FAIL ${name}\n${e.stack ?? e}`)
    await leave(name)
  }
}
await restore?.()
await browser.close()
server.close()
process.exit(failed ? 1 : 0)
