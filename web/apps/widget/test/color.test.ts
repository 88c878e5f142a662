import { expect, it } from 'vitest'
import { brand, contrast } from '../src/panel/color'

const rgb = (s: string) => s.match(/\d+/g)!.map(Number) as [number, number, number]

it.each(['#2563eb', '#0f766e', '#f5d90a', '#111111', '#ffffff', '#e11d48', '#38bdf8', '#808080', 'nonsense'])('%s stays legible in both themes', (hex) => {
  for (const dark of [false, true]) {
    const b = brand(hex, dark)
    expect(contrast(rgb(b.fill), rgb(b.on))).toBeGreaterThanOrEqual(4.5)
    expect(contrast(rgb(b.ink), dark ? [23, 26, 33] : [255, 255, 255])).toBeGreaterThanOrEqual(4.5)
  }
})

it('a colour that is legible as it is stays as it is', () => {
  expect(brand('#2458d8', false).fill).toBe('rgb(36 88 216)')
})

it('the company may choose the colour of the text', () => {
  expect(brand('#ffcc00', true, '#333333')).toMatchObject({ fill: 'rgb(255 204 0)', on: 'rgb(51 51 51)' })
  expect(brand('#2458d8', false, '').on).toBe('rgb(255 255 255)')
})
