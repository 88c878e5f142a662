// Fails the build when an application grows past its budget. Sizes are gzip -9, in bytes.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const DIST = fileURLToPath(new URL('../dist/', import.meta.url))
const size = (path) => gzipSync(readFileSync(DIST + path), { level: 9 }).length
const sum = (paths) => paths.reduce((n, p) => n + size(p), 0)

/** All files that a page needs at once: the entries, what they import, and their styles. */
function reach(app, entries) {
  const manifest = JSON.parse(readFileSync(`${DIST}${app}/.vite/manifest.json`, 'utf8'))
  const js = new Set()
  const css = new Set()
  const visit = (key) => {
    const chunk = manifest[key]
    if (!chunk) throw new Error(`${app}: no ${key} in the manifest`)
    if (js.has(chunk.file)) return
    js.add(chunk.file)
    for (const file of chunk.css ?? []) css.add(file)
    for (const next of chunk.imports ?? []) visit(next)
  }
  entries.forEach(visit)
  return { js: [...js].map((f) => `${app}/${f}`), css: [...css].map((f) => `${app}/${f}`), manifest }
}
/** What a part that is loaded by hand brings along; it must not come with the page. */
function lazy(page, name) {
  const late = reach('widget/panel', [name])
  if (page.js.includes('widget/panel/' + page.manifest[name].file)) throw new Error(name + ' should come later and comes with the page')
  return [...late.js, ...late.css].filter((f) => !page.js.includes(f) && !page.css.includes(f))
}
/** The largest chunk among several of which one is loaded. */
const largest = (app, manifest, match) => Math.max(...Object.entries(manifest).filter(([k]) => match.test(k)).map(([, c]) => size(`${app}/${c.file}`)))

const panel = reach('widget/panel', ['index.html'])
const vec = reach('widget/vec', ['index.html'])
const inbox = reach('console', ['index.html', 'src/app/AppShell.vue', 'src/inbox/InboxPage.vue'])
const panelOpen = sum(panel.js) + sum(panel.css) + largest('widget/panel', panel.manifest, /i18n\//)
const rows = [
  ['widget loader', size('widget/loader.js'), 3_072],
  ['widget, after the page', size('widget/live.js'), 3_584],
  ['widget panel, first open', panelOpen, 18_432],
  ['widget in total', size('widget/loader.js') + panelOpen + size('widget/panel/index.html'), 21_504],
  ['widget language', largest('widget/panel', panel.manifest, /i18n\//), 1_500],
  ['widget drawing', sum(lazy(panel, 'draw.tsx')), 6_144],
  ['widget whiteboard', sum(lazy(panel, 'white.tsx').filter((f) => !lazy(panel, 'call.tsx').includes(f))), 9_216],
  ['widget call', sum(lazy(panel, 'call.tsx')), 12_288],
  ['widget robot', sum(lazy(panel, 'robot.tsx')), 4_096],
  ['video counter, first open', sum(vec.js) + sum(vec.css), 22_528],
  ['widget emoji', largest('widget/panel', panel.manifest, /emoji/), 6_000],
  ['console inbox, JS', sum(inbox.js) + largest('console', inbox.manifest, /i18n\/.*json/), 184_320],
  ['console, CSS', sum(inbox.css), 20_480],
]
let bad = false
for (const [name, got, most] of rows) {
  const over = got > most
  bad ||= over
  console.log(`${over ? 'OVER' : 'ok  '} ${name.padEnd(26)} ${String(got).padStart(7)} of ${String(most).padStart(7)} B`)
}
process.exit(bad ? 1 : 0)
