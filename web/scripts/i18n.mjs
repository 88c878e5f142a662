// Checks the texts: every language has the same keys and placeholders, every key that the code names exists,
// and punctuation belongs to the language.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../apps/console/src/', import.meta.url))
const LOCALES = ['en', 'zh-CN', 'pt-BR']
const faults = []

const flat = (tree, prefix = '') => Object.entries(tree).flatMap(([k, v]) => (typeof v === 'string' ? [[prefix + k, v]] : flat(v, prefix + k + '.')))
// The texts of pages that are loaded later lie beside them.
const FILES = ['i18n', 'admin/text', 'desk/text', 'window/text', 'call/text', 'robot/text', 'export/text']
const texts = Object.fromEntries(LOCALES.map((l) => [l, new Map(FILES.flatMap((dir) => flat(JSON.parse(readFileSync(`${ROOT}${dir}/${l}.json`, 'utf8')))))]))
const holes = (s) => [...new Set([...s.matchAll(/\{(\w+)\}/g)].map((m) => m[1]))].sort().join(' ')

for (const locale of LOCALES) {
  for (const key of texts.en.keys()) if (!texts[locale].has(key)) faults.push(`${locale}: ${key} is missing`)
  for (const [key, text] of texts[locale]) {
    if (!texts.en.has(key)) faults.push(`${locale}: ${key} is not in en`)
    else if (holes(text) !== holes(texts.en.get(key))) faults.push(`${locale}: ${key} has other placeholders than en`)
    if (!text.trim()) faults.push(`${locale}: ${key} is empty`)
    if (locale === 'zh-CN' && /\p{Script=Han}[,;:!?](?!\d)|\p{Script=Han}\.(\s|$)/u.test(text)) faults.push(`${locale}: ${key} has Latin punctuation: ${text}`)
    if (locale !== 'zh-CN' && !key.startsWith('language.') && /[，。；：！？、]/.test(text)) faults.push(`${locale}: ${key} has CJK punctuation`)
  }
}

const used = new Set()
const prefixes = new Set()
for (const entry of readdirSync(ROOT, { recursive: true })) {
  if (!/\.(vue|ts)$/.test(entry)) continue
  const code = readFileSync(join(ROOT, entry), 'utf8')
  for (const m of code.matchAll(/\b(?:t|te|text)\(\s*'([\w.-]+)'\s*([,)+])/g)) (m[2] === '+' ? prefixes : used).add(m[1])
  for (const m of code.matchAll(/'([a-z]+(?:\.\w+)+)'/gi)) used.add(m[1])
  for (const m of code.matchAll(/\b(?:t|te)\(`([\w.]+)\$\{/g)) prefixes.add(m[1])
  for (const m of code.matchAll(/named\('([\w.]+)'/g)) prefixes.add(m[1])
}
const named = new Set([...used].filter((k) => texts.en.has(k)))
for (const key of used) if (/^[a-z]+\.[a-zA-Z_.]+$/.test(key) && !texts.en.has(key) && texts.en.has([...texts.en.keys()].find((k) => k.startsWith(key.split('.')[0] + '.')) ?? '')) {
  if (!prefixes.has(key) && ![...texts.en.keys()].some((k) => k.startsWith(key + '.'))) faults.push(`code names ${key}, which has no text`)
}
for (const key of texts.en.keys()) if (!named.has(key) && ![...prefixes].some((p) => key.startsWith(p))) faults.push(`${key} is never used`)

for (const f of faults) console.error(f)
console.log(`i18n: ${texts.en.size} texts in ${LOCALES.length} languages, ${faults.length} faults`)
process.exit(faults.length ? 1 : 0)
