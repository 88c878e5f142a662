// Drives browsers against the real binary: the journeys of web/e2e, and one in
// which the server is killed in the middle of a conversation. PARLOR_SCREENS=few
// takes the pictures in three looks instead of all six.
// usage: node scripts/e2e.mjs [journey…]      ends on "N passed, N failed"
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const data = mkdtempSync(join(tmpdir(), 'parlor-e2e-'))
// The vendor's widget, a package of tests.
const widget = join(root, 'internal/front/rocketchat/guest/clienttest/node_modules/@rocket.chat/livechat/build')

const freePort = () =>
  new Promise((resolve) => {
    const s = createServer().listen(0, '127.0.0.1', () => {
      const { port } = s.address()
      s.close(() => resolve(port))
    })
  })

/** The binary on a demo company; kill9 and start let a journey crash it. */
class Server {
  constructor(port, mail) {
    this.port = port
    this.mail = mail
    this.url = `http://127.0.0.1:${port}`
  }
  async start() {
    this.process = spawn(join(root, 'bin/parlor'), ['demo', '--data', data, '--listen', `127.0.0.1:${this.port}`, '--rate-limits', 'off', '--webhook-private', 'allow', '--record-listen', '127.0.0.1:0', '--turn-listen', '127.0.0.1:0', '--turn-public-ip', '127.0.0.1', '--turn-private', 'allow', '--log-level', 'warn', '--rocketchat-widget', widget,
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

// In the order in which they build on each other's data.
const JOURNEYS = ['talk', 'visit', 'desk', 'work', 'person', 'admin', 'bindings', 'channels', 'host', 'poll', 'canvas', 'call', 'record', 'perf', 'many', 'screens', 'pages', 'rocketchat', 'easemob', 'window', 'robot']
const wanted = process.argv.slice(2)
for (const name of wanted) {
  if (name === 'kill' || JOURNEYS.includes(name)) continue
  console.error(`there is no journey ${name}; there are kill, ${JOURNEYS.join(', ')}`)
  process.exit(2)
}
let passed = 0
let failed = 0
const result = (name, ok) => {
  ok ? passed++ : failed++
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}`)
}

const server = new Server(await freePort(), await freePort())
try {
  await server.start()
  for (const name of JOURNEYS) {
    if (wanted.length && !wanted.includes(name)) continue
    // Thousands of conversations come from the invented backend, everything else from the real one.
    const env = { PARLOR_SCREENS: name === 'pages' ? 'few' : 'all', PARLOR_E2E_SMTP: String(server.mail), PARLOR_E2E_WIDGET: widget, ...process.env, PARLOR_E2E_URL: name === 'many' ? '' : server.url }
    const run = spawnSync('node', ['e2e/run.mjs', name], { cwd: join(root, 'web'), stdio: 'inherit', env, timeout: 600_000 })
    result(name, run.status === 0)
  }
  if (!wanted.length || wanted.includes('kill')) {
    const { kill } = await import('../web/e2e/kill.mjs')
    try {
      await kill(server)
      result('kill', true)
    } catch (e) {
      console.error(e)
      result('kill', false)
    }
  }
  const code = await server.stop()
  result('the server stops cleanly', code === 0)
} catch (e) {
  console.error(e)
  result('the server starts', false)
  server.process?.kill('SIGKILL')
}
rmSync(data, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)
