// What every journey needs: a browser, a backend, axe, pictures.
import { mkdirSync } from 'node:fs'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const require = createRequire(import.meta.url)
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
export const SCREENS = fileURLToPath(new URL('../../build/screens/', import.meta.url))
mkdirSync(SCREENS, { recursive: true })

export const LOGIN = process.env.PARLOR_E2E_LOGIN ?? 'lin@demo.parlor'
export const PASSWORD = process.env.PARLOR_E2E_PASSWORD ?? 'demo-parlor'

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests']

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS })

/** The backend under test: PARLOR_E2E_URL, or a mock of our own. */
export async function backend() {
  const url = process.env.PARLOR_E2E_URL
  if (url) return { url: url.replace(/\/$/, ''), mock: undefined, close() {} }
  const { start } = await import('../scripts/mock-server.mjs')
  const mock = await start()
  return { url: mock.url, mock, close: () => mock.close() }
}

/** A page with its own storage. Faults on the console of the page are collected in `page.faults`. */
export async function open(browser, { width = 1440, height = 900, theme = 'light', locale = 'zh-CN', scale = 1, touch = false } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, locale, deviceScaleFactor: scale, hasTouch: touch, timezoneId: 'Asia/Shanghai' })
  await context.addInitScript(AXE_GUARD)
  const page = await context.newPage()
  page.faults = []
  page.on('console', (m) => { if (m.type() === 'error' && !/ERR_INTERNET_DISCONNECTED|status of (401|409|422|413)/.test(m.text())) page.faults.push(m.text()) })
  page.on('pageerror', (e) => page.faults.push(String(e)))
  page.asked = 0
  page.pending = new Set()
  page.on('request', (r) => { page.asked++; page.pending.add(r) })
  for (const over of ['requestfinished', 'requestfailed']) page.on(over, (r) => page.pending.delete(r))
  page.setDefaultTimeout(10_000)
  return page
}
// Violations of the content policy count as faults.
const AXE_GUARD = 'addEventListener("securitypolicyviolation", (e) => console.error("CSP", e.violatedDirective, e.blockedURI))'

export async function signIn(page, base, path = '/console/') {
  await page.goto(base + path)
  await page.fill('input[name=username]', LOGIN)
  await page.fill('input[name=password]', PASSWORD)
  await page.press('input[name=password]', 'Enter')
  await page.waitForSelector('[role=listbox][aria-busy=false]')
}

/** Waits until a frame has its fonts and pictures, nothing in it moves any more, and what changed has been painted. */
async function still(frame) {
  await frame.evaluate(async () => {
    await document.fonts.ready
    await Promise.all([...document.images].filter((i) => i.loading !== 'lazy').map((i) => i.decode().catch(() => undefined)))
    const roots = [document, ...[...document.querySelectorAll('*')].flatMap((e) => e.shadowRoot ?? [])]
    await Promise.all(roots.flatMap((r) => r.getAnimations()).filter((a) => a.effect?.getComputedTiming().iterations !== Infinity).map((a) => a.finished.catch(() => undefined)))
    await new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)))
  })
}

/** Waits until a page has asked for nothing for a moment and has everything that it asked for. */
export async function quiet(page) {
  await until(async () => {
    const before = page.asked
    await page.evaluate(() => new Promise((later) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(later, 50)))))
    return page.pending.size === 0 && page.asked === before
  }, 'the page is quiet')
}

/** Runs axe in a frame and fails on any finding. */
export async function axe(frame, what) {
  // Evaluated by the debugger, not as a page script, so the content policy stays as it is.
  await frame.evaluate(AXE)
  await still(frame) // colours are judged when they have arrived, not on their way
  const found = await frame.evaluate(async () => {
    const r = await globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'] })
    return r.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ') + ' ' + (n.any[0]?.message ?? n.all[0]?.message ?? '')).slice(0, 4).join(' | ')}`)
  })
  if (found.length) throw new Error(`axe, ${what}:\n  ${found.join('\n  ')}`)
}

/** Takes a picture of a page when it has come to rest; the panel's frame included. */
export async function shot(page, name) {
  for (const frame of page.frames()) if (frame === page.mainFrame() || frame.url().includes('/w/panel/')) await still(frame)
  return page.screenshot({ path: `${SCREENS}${name}.png` })
}

export function check(ok, what) {
  if (!ok) throw new Error('failed: ' + what)
}

/** Waits until `fn` is true in this process, polling; for effects that have no element to wait for. */
export async function until(fn, what, ms = 10_000) {
  const end = Date.now() + ms
  while (!(await fn())) {
    if (Date.now() > end) throw new Error('never: ' + what)
    await new Promise((r) => setTimeout(r, 50))
  }
}

/** A switch for the network of a page's realtime connection: WebSocket and polling. */
export async function network(page) {
  let up = true
  const open = new Set()
  await page.context().routeWebSocket(/\/socket\.io\//, (ws) => {
    if (!up) return void ws.close()
    open.add(ws)
    ws.onClose(() => open.delete(ws))
    const server = ws.connectToServer()
    ws.onMessage((m) => server.send(m))
    server.onMessage((m) => ws.send(m))
    server.onClose(() => ws.close())
    return undefined
  })
  await page.context().route(/\/socket\.io\//, (route) => (up ? route.continue() : route.abort()))
  return {
    down() {
      up = false
      for (const ws of open) void ws.close()
      open.clear()
    },
    up() { up = true },
  }
}

export const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAACgAAAAoCAIAAAADnC86AAAAQklEQVR42u3NMQEAAAgDINc/9Mzg4QcFaCf5WEQsFovFYrFYLBaLxWKxWCwWi8VisVgsFovFYrFYLBaLxWKxWCx+Fi/tDAGB1l3RYAAAAABJRU5ErkJggg==', 'base64')

/** Opens the demo shop and the chat in it; resolves with the panel's frame. */
export async function openChat(page, base, path = '/demo/') {
  await page.goto(base + path)
  await page.waitForSelector('parlor-chat', { state: 'attached' })
  await page.evaluate(() => globalThis.Parlor('open'))
  return panelOf(page)
}
export async function panelOf(page) {
  await until(() => page.frames().some((f) => f.url().includes('/w/panel/')), 'the frame of the panel')
  const frame = page.frames().find((f) => f.url().includes('/w/panel/'))
  await frame.waitForSelector('textarea, .foot, .form')
  return frame
}
export async function say(frame, text) {
  await frame.fill('textarea', text)
  await frame.press('textarea', 'Enter')
}
/** A text that no other run has written. */
export const unique = (text) => `${text} ${Math.random().toString(36).slice(2, 8)}`
