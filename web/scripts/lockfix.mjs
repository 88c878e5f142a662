// Completes package-lock.json for every platform, so that `npm ci` accepts it anywhere.
//
// npm drops optional platform packages from the lock when the source that resolved it does not carry them;
// the next `npm ci` then refuses the lock. For each such gap this adds the smallest valid entry.
//
//   node scripts/lockfix.mjs           write the missing entries
//   node scripts/lockfix.mjs --check   exit 1 if one is missing or the lock names a host
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { pathToFileURL } from 'node:url'

const OS = ['android', 'darwin', 'freebsd', 'openbsd', 'netbsd', 'sunos', 'aix', 'openharmony', 'win32', 'linux']
const CPU = [
  ['wasm32', /wasm32|wasi/], ['arm64', /arm64|aarch64/], ['arm', /arm(?!64)/], ['x64', /x64/], ['ia32', /ia32/],
  ['ppc64', /ppc64/], ['riscv64', /riscv64/], ['s390x', /s390x/], ['loong64', /loong64/], ['mips64el', /mips64el/],
]

/** Reads os, cpu and libc out of a platform package's name; an empty object if the name tells none. */
export function platform(name) {
  const s = name.toLowerCase()
  const found = {}
  const os = OS.find((x) => s.includes(x))
  const cpu = CPU.find(([, re]) => re.test(s))?.[0]
  if (os) found.os = [os]
  if (cpu) found.cpu = [cpu]
  if (/musl/.test(s)) found.libc = ['musl']
  else if (os === 'linux' && /gnu/.test(s)) found.libc = ['glibc']
  return found
}

/** Where a dependency of the package at `path` would be found in the lock, or undefined. */
function resolve(packages, path, name) {
  for (let at = path; ; ) {
    const key = `${at ? at + '/' : ''}node_modules/${name}`
    if (packages[key]) return key
    if (!at) return undefined
    const up = at.lastIndexOf('/node_modules/')
    at = up < 0 ? '' : at.slice(0, up)
  }
}

/** Returns the entries that the lock lacks, by key. Packages whose name tells no platform are left alone. */
export function missing(lock) {
  const out = {}
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
      if (resolve(lock.packages, path, name)) continue
      const where = platform(name)
      if (!where.os && !where.cpu) continue
      out[`node_modules/${name}`] = {
        version: range.replace(/^[\^~]/, ''), ...where, optional: true, ...(entry.dev ? { dev: true } : {}),
      }
    }
  }
  return out
}

function main() {
  const file = fileURLToPath(new URL('../package-lock.json', import.meta.url))
  const lock = JSON.parse(readFileSync(file, 'utf8'))
  const gaps = missing(lock)
  const hosts = Object.entries(lock.packages).filter(([, p]) => /^https?:/.test(p.resolved ?? '')).map(([k]) => k)
  if (process.argv.includes('--check')) {
    for (const key of Object.keys(gaps)) console.error('missing in lock:', key)
    for (const key of hosts) console.error('lock names a host:', key)
    process.exit(Object.keys(gaps).length || hosts.length ? 1 : 0)
  }
  for (const key of hosts) delete lock.packages[key].resolved
  const all = { ...lock.packages, ...gaps }
  lock.packages = Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(file, JSON.stringify(lock, null, 2) + '\n')
  console.log(`lock: ${Object.keys(gaps).length} platform entries added`)
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) main()
