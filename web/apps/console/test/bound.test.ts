import { expect, test } from 'vitest'
import type { Decision } from '@parlor/protocol/types'
import en from '../src/i18n/en.json'
import { i18n } from '../src/i18n'
import pt from '../src/i18n/pt-BR.json'
import zh from '../src/i18n/zh-CN.json'
import { boundStep, whatCame, whyWaiting } from '../src/inbox/reasons'

const TEXTS = { en, 'zh-CN': zh, 'pt-BR': pt } as const
function setLocale(lang: keyof typeof TEXTS) {
  i18n.global.setLocaleMessage(lang, TEXTS[lang] as never)
  ;(i18n.global.locale as unknown as { value: string }).value = lang
}
const decision = (outcome: NonNullable<Decision['bound']>['outcome']): Decision => ({ candidates: 0, at: '2026-01-01T00:00:00Z', bound: { flag: 'lead', agent: 'li', name: 'Li Na', outcome } })

test('a visitor who waits for the bound agent is told for whom and why', () => {
  setLocale('en')
  expect(whyWaiting(decision('full'))).toBe('Waits for Li Na, to whom the visitor is bound (lead): at capacity')
  expect(whyWaiting(decision('absent'))).toContain('busy or away')
  // Who has gone on waits for the team.
  expect(whyWaiting({ ...decision('signed_out'), candidates: 2 })).not.toContain('Li Na')
  expect(boundStep(decision('too_long'))).toContain('the team takes over')
  expect(boundStep({ candidates: 0, at: '' })).toBe('')
})

test('what came along is said in words, in every language', () => {
  for (const lang of ['en', 'zh-CN', 'pt-BR'] as const) {
    setLocale(lang)
    const lines = whatCame({ businessFlag: 'lead', routingFlag: 'buy', refused: ['untrusted', 'unmapped'], yielded: true, spilled: [{ from: 'a', to: 'b', waiting: 3 }] }, (id) => id.toUpperCase())
    expect(lines).toHaveLength(5)
    expect(lines[0]).toMatch(/lead.*buy/)
    expect(lines[4]).toMatch(/A.*3.*B/)
    expect(lines.join()).not.toContain('bound.')
    for (const o of ['assigned', 'full', 'absent', 'signed_out', 'gone', 'not_now', 'too_long', 'yielded'] as const) expect(boundStep(decision(o))).not.toContain('bound.')
  }
  expect(whatCame(undefined, String)).toEqual([])
})
