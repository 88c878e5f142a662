import { describe, expect, it } from 'vitest'
import { hostOrigin } from '../src/vec/counter'
import { wordsOf } from '../src/vec/words'

const frame = (ancestors: string[] | undefined, referrer = '') => {
  const w = { parent: {}, location: { ancestorOrigins: ancestors }, document: { referrer } }
  return w as unknown as Window
}

describe('the page that holds the counter', () => {
  it('is known by its origin, and told nothing without one', () => {
    expect(hostOrigin(frame(['https://shop.example', 'https://top.example'], 'https://other.example/'))).toBe('https://shop.example')
    expect(hostOrigin(frame(undefined, 'https://shop.example/cart?x=1'))).toBe('https://shop.example')
    for (const w of [frame(undefined), frame(['null']), frame(undefined, 'no address')]) expect(hostOrigin(w)).toBe('')
    const alone = { location: {}, document: { referrer: 'https://shop.example/' } } as unknown as Window & { parent: Window }
    expect(hostOrigin(Object.assign(alone, { parent: alone }))).toBe('')
  })
})

it('every language has every text', () => {
  const en = wordsOf('en')
  for (const lang of ['zh-CN', 'pt-BR']) {
    const own = wordsOf(lang)
    expect(own).not.toBe(en)
    expect(Object.keys(own)).toEqual(Object.keys(en))
    expect(Object.keys(own.ends)).toEqual(Object.keys(en.ends))
  }
  expect(wordsOf('fr')).toBe(en)
  expect(wordsOf('zh-CN').ahead(2)).toBe('您前面还有 2 人')
})
