// @vitest-environment node
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const css = readFileSync(new URL('../tokens.css', import.meta.url), 'utf8')
type Rgb = [number, number, number]

/** The tokens of a theme; the dark one builds upon the light one. */
function tokens(theme: 'light' | 'dark'): Map<string, string> {
  const blocks = [...css.matchAll(/(:root|\[data-theme="dark"\]) \{([^}]*)\}/g)].slice(0, theme === 'dark' ? 2 : 1)
  return new Map(blocks.flatMap(([, , body]) => [...body!.matchAll(/--([\w-]+):\s*([^;]+);/g)].map((m) => [m[1]!, m[2]!.trim()] as [string, string])))
}
/** OKLCH to linear sRGB, clipped. */
function linear(value: string, hue: string): Rgb {
  if (value === '#fff') return [1, 1, 1]
  const m = /^oklch\(([\d.]+) ([\d.]+) (.+)\)$/.exec(value)
  if (!m) throw new Error('not a colour: ' + value)
  const [l, c] = [Number(m[1]), Number(m[2])]
  const h = (Number(m[3] === 'var(--hue)' ? hue : m[3]) * Math.PI) / 180
  const [a, b] = [c * Math.cos(h), c * Math.sin(h)]
  const [x, y, z] = [(l + 0.3963377774 * a + 0.2158037573 * b) ** 3, (l - 0.1055613458 * a - 0.0638541728 * b) ** 3, (l - 0.0894841775 * a - 1.291485548 * b) ** 3]
  return [4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z, -1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z, -0.0041960863 * x - 0.7034186147 * y + 1.707614701 * z].map((v) => Math.min(1, Math.max(0, v))) as Rgb
}
const luminance = ([r, g, b]: Rgb) => 0.2126 * r + 0.7152 * g + 0.0722 * b

const GROUNDS = ['canvas', 'surface', 'raised', 'sunken']
const PAIRS: [text: string, grounds: string[]][] = [
  ['ink', [...GROUNDS, 'accent-soft', 'warn-soft']], ['ink-2', [...GROUNDS, 'accent-soft']], ['ink-3', ['surface', 'raised', 'sunken', 'canvas']],
  ['accent-ink', ['surface', 'raised', 'accent-soft', 'sunken']], ['ok-ink', ['surface', 'ok-soft']], ['warn-ink', ['surface', 'warn-soft']], ['bad-ink', ['surface', 'bad-soft']],
  ['on-accent', ['accent', 'accent-hover', 'bad-fill', 'rail']],
]

describe.each(['light', 'dark'] as const)('%s theme', (theme) => {
  const all = tokens(theme)
  const hue = all.get('hue')!
  it.each(PAIRS.flatMap(([text, grounds]) => grounds.map((g) => [text, g] as const)))('%s on %s is legible', (text, ground) => {
    const [a, b] = [text, ground].map((n) => luminance(linear(all.get(n)!, hue))).sort((x, y) => y - x)
    expect((a! + 0.05) / (b! + 0.05)).toBeGreaterThanOrEqual(4.5)
  })
})
