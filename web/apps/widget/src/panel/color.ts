type Rgb = [number, number, number]

const parse = (hex: string): Rgb | undefined => {
  const m = /^#?([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(hex)
  return m?.slice(1).map((x) => parseInt(x, 16)) as Rgb | undefined
}
const light = (c: Rgb) => {
  const [r, g, b] = c.map((x) => { const v = x / 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 }) as Rgb
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
/** The WCAG contrast of two colours, 1 to 21. */
export const contrast = (a: Rgb, b: Rgb) => {
  const [x, y] = [light(a), light(b)].sort((p, q) => q - p)
  return (x! + 0.05) / (y! + 0.05)
}
const mix = (a: Rgb, b: Rgb, part: number) => a.map((x, i) => Math.round(x + (b[i]! - x) * part)) as Rgb
const css = (c: Rgb) => `rgb(${c.join(' ')})`

/**
 * From the company's colour, and the colour of text on it if one is set: the fill, the text on it, and the colour as text on the panel's
 * ground, all legible (4.5:1; the server refuses a text that is not).
 */
export function brand(hex: string, dark: boolean, text?: string): { fill: string; on: string; ink: string } {
  const fill = parse(hex) ?? [36, 88, 216]
  const white: Rgb = [255, 255, 255]
  const black: Rgb = [17, 17, 17]
  const ground: Rgb = dark ? [32, 35, 43] : [243, 244, 248]
  let ink = fill
  for (let i = 1; i <= 20 && contrast(ink, ground) < 4.6; i++) ink = mix(fill, dark ? white : black, i / 20)
  let base = fill
  const on = parse(text!) ?? (contrast(fill, white) >= contrast(fill, black) ? white : black)
  for (let i = 1; i <= 10 && contrast(base, on) < 4.5; i++) base = mix(fill, on === white ? black : white, i / 20)
  return { fill: css(base), on: css(on), ink: css(ink) }
}
