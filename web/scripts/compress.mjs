// Writes .br and .gz beside each text file of the build, and drops what only the build needed.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const DIST = fileURLToPath(new URL('../dist/', import.meta.url))
for (const app of ['console', 'widget/panel', 'widget/vec', 'demo']) rmSync(join(DIST, app, '.vite'), { recursive: true, force: true })

let files = 0
for (const entry of readdirSync(DIST, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name)
  if (!entry.isFile() || !/\.(js|css|html|svg|json)$/.test(entry.name)) continue
  const data = readFileSync(path)
  // Tiny files gain nothing.
  if (data.length < 512) continue
  writeFileSync(path + '.gz', gzipSync(data, { level: 9 }))
  writeFileSync(path + '.br', brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
  files++
}
console.log(`compressed ${files} files`)
