import { describe, expect, it } from 'vitest'
import { bytes, initials, pathOf, span } from '../src/app/format'
import { score } from '../src/app/fuzzy'
import { find, slash } from '../src/inbox/canned'
import { langOf, parts } from '../src/inbox/links'

describe('canned replies', () => {
  const list = ([{ shortcut: 'refund', title: 'Refund time', text: 'three days' }, { shortcut: 'hello', title: '问候', text: '您好，请问有什么可以帮您？' }, { shortcut: 'track', title: 'Tracking', text: 'your refund link' }]).map((c, i) => ({ ...c, id: 'r' + i, kind: 'reply' as const, scope: 'company' as const, editable: false, mine: 0, uses: 0, createdAt: '', updatedAt: '' }))
  it('are found by shortcut first, then by title and text', () => {
    expect(find(list, 'ref').map((c) => c.shortcut)).toEqual(['refund', 'track'])
    expect(find(list, '问候').map((c) => c.shortcut)).toEqual(['hello'])
    expect(find(list, '').length).toBe(3)
    expect(find(list, 'zzz')).toEqual([])
  })
  it('forgive skipped letters', () => {
    expect(score('rfd', 'refund')).toBeGreaterThan(0)
    expect(score('rfd', 'refund')).toBeLessThan(score('ref', 'refund'))
    expect(score('xr', 'refund')).toBe(0)
  })
  it('open at a slash that begins a word', () => {
    expect(slash('/he', 3)).toEqual({ from: 0, query: 'he' })
    expect(slash('hi /', 4)).toEqual({ from: 3, query: '' })
    expect(slash('http://x', 8)).toBeUndefined()
    expect(slash('/he llo', 7)).toBeUndefined()
  })
})

describe('links', () => {
  it('only web addresses become links, without closing punctuation', () => {
    expect(parts('see https://a.example/x?y=1. ok')).toEqual([{ text: 'see ' }, { text: 'https://a.example/x?y=1', href: 'https://a.example/x?y=1' }, { text: '. ok' }])
    expect(parts('看 https://a.example/x，谢谢').at(1)!.href).toBe('https://a.example/x')
    expect(parts('javascript:alert(1) <b>')).toEqual([{ text: 'javascript:alert(1) <b>' }])
  })
})

it('the language of a text is read from its script', () => {
  expect([langOf('你好'), langOf('こんにちは世界'), langOf('안녕'), langOf('Olá')]).toEqual(['zh-CN', 'ja', 'ko', undefined])
})

describe('format', () => {
  it('initials take the last two Han characters or the Latin ones', () => {
    expect([initials('周雨桐'), initials('Ana de Souza'), initials('bob'), initials('')]).toEqual(['雨桐', 'AS', 'B', '?'])
  })
  it('spans and sizes are short', () => {
    expect([span(0), span(59_999), span(60_000), span(3_900_000), span(90_000_000)]).toEqual(['0s', '59s', '1m', '1h 05m', '1d'])
    expect([bytes(900), bytes(1_500), bytes(231_424), bytes(10_000_000)]).toEqual(['900 B', '1.5 kB', '231 kB', '10 MB'])
  })
  it('paths drop the server', () => {
    expect(pathOf('https://shop.example/cart?x=1#y')).toBe('/cart?x=1#y')
  })
})
