// Drives browsers against the real binary: the journeys of web/e2e, and one in
// which the server is killed in the middle of a conversation. PARLOR_SCREENS=few
// takes the pictures in three looks instead of all six.
// usage: node scripts/e2e.mjs [journey…]      ends on "N passed, N failed"
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
// The vendor's widget, a package of tests.
const widget = join(root, 'internal/front/rocketchat/guest/clienttest/node_modules/@rocket.chat/livechat/build')

// Below what the system gives to connections: such a port stays free while its
// server is down.
let port = 12000 + (process.pid % 200) * 100
const freePort = () =>
  new Promise((resolve) => {
    const free = ++port
    const s = createServer()
    s.once('error', () => resolve(freePort()))
    s.listen(free, '127.0.0.1', () => s.close(() => resolve(free)))
  })

/** The binary on a demo company; kill9 and start let a journey crash it. */
class Server {
  constructor(data, port, mail) {
    this.data = data
    this.port = port
    this.mail = mail
    this.url = `http://127.0.0.1:${port}`
  }
  async start() {
    this.process = spawn(join(root, 'bin/parlor'), ['demo', '--data', this.data, '--listen', `127.0.0.1:${this.port}`, '--rate-limits', 'off', '--webhook-private', 'allow', '--record-listen', '127.0.0.1:0', '--turn-listen', '127.0.0.1:0', '--turn-public-ip', '127.0.0.1', '--turn-private', 'allow', '--log-level', 'warn', '--rocketchat-widget', widget,
      '--smtp-server', `127.0.0.1:${this.mail}`, '--smtp-from', 'Parlor <desk@parlor.example>', '--smtp-tls', 'off'], { stdio: ['ignore', 'ignore', 'inherit'] })
    this.gone = new Promise((r) => this.process.once('exit', (code, signal) => r(signal ?? code)))
    for (let i = 0; i < 300; i++) {
      try {
        if ((await fetch(this.url + '/readyz')).ok) return
      } catch {
        // not up yet
      }
      await new Promise((r) => setTimeout(r, 100))
    }
    throw new Error('the server did not start')
  }
  async kill9() {
    this.process.kill('SIGKILL')
    await this.gone
  }
  async stop() {
    this.process.kill('SIGTERM')
    return this.gone
  }
}

// What runs side by side, each lane on a company of its own, and alone afterwards:
// what is measured. Within a lane the order is that in which they build on each other.
const LANES = [
  ['talk', 'visit', 'desk', 'work', 'person', 'host', 'poll', 'canvas', 'call', 'board', 'record', 'screens', 'window', 'kill'],
  ['admin', 'bindings', 'channels', 'many', 'pages', 'rocketchat', 'easemob', 'export', 'vec', 'robot', 'identity'],
]
const ALONE = ['perf']
const wanted = process.argv.slice(2)
for (const name of wanted) {
  if ([...LANES.flat(), ...ALONE].includes(name)) continue
  console.error(`there is no journey ${name}; there are ${[...LANES.flat(), ...ALONE].join(', ')}`)
  process.exit(2)
}
let passed = 0
let failed = 0
const result = (name, ok) => {
  ok ? passed++ : failed++
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}`)
}

/** Runs one journey; what it prints is printed when it has ended. */
function journey(name, server) {
  // Thousands of conversations come from the invented backend, everything else from the real one.
  const env = { PARLOR_SCREENS: name === 'pages' ? 'few' : 'all', PARLOR_E2E_SMTP: String(server.mail), PARLOR_E2E_WIDGET: widget, ...process.env, PARLOR_E2E_URL: name === 'many' ? '' : server.url }
  const run = spawn('node', ['e2e/run.mjs', name], { cwd: join(root, 'web'), stdio: ['ignore', 'pipe', 'pipe'], env })
  const stop = setTimeout(() => run.kill('SIGKILL'), 600_000)
  const said = []
  run.stdout.on('data', (d) => said.push(d))
  run.stderr.on('data', (d) => said.push(d))
  return new Promise((resolve) =>
    run.once('close', (code) => {
      clearTimeout(stop)
      process.stdout.write(Buffer.concat(said))
      resolve(code === 0)
    }),
  )
}

/** Runs the journeys of a lane that are wanted, on a server of its own. */
async function drive(lane) {
  const names = lane.filter((name) => !wanted.length || wanted.includes(name))
  if (!names.length) return
  const data = mkdtempSync(join(tmpdir(), 'parlor-e2e-'))
  const server = new Server(data, await freePort(), await freePort())
  try {
    await server.start()
    for (const name of names) {
      if (name !== 'kill') {
        result(name, await journey(name, server))
        continue
      }
      const { kill } = await import('../web/e2e/kill.mjs')
      await kill(server).then(
        () => result(name, true),
        (e) => {
          console.error(e)
          result(name, false)
        },
      )
    }
    result('the server stops cleanly', (await server.stop()) === 0)
  } catch (e) {
    console.error(e)
    result('the server starts', false)
    server.process?.kill('SIGKILL')
  }
  rmSync(data, { recursive: true, force: true })
}

await Promise.all(LANES.map(drive))
await drive(ALONE)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)
