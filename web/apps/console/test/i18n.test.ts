import { nextTick } from 'vue'
import { beforeEach, expect, it, vi } from 'vitest'
import { prefs } from '../src/app/prefs'
import { addTexts, followLocale, i18n, t } from '../src/i18n'

/** Texts whose loading can be watched. */
const texts = (key: string) => {
  const of = (locale: string) => vi.fn(async () => ({ default: { [key]: `${key} ${locale}` } as Record<string, string> }))
  return { 'zh-CN': of('zh-CN'), en: of('en'), 'pt-BR': of('pt-BR') }
}
beforeEach(async () => {
  prefs.locale = 'en'
  await followLocale()
})

it('draws everything anew for texts once, however often they are added', async () => {
  const set = vi.spyOn(i18n.global, 'setLocaleMessage')
  const once = texts('once')
  await addTexts(once)
  expect(t('once')).toBe('once en')
  const before = set.mock.calls.length
  await addTexts(once)
  await addTexts(once)
  expect(set.mock.calls.length).toBe(before)
  expect(once.en).toHaveBeenCalledTimes(1)
  set.mockRestore()
})

it('keeps what was loaded while something slower was on its way', async () => {
  let go = () => {}
  const slow = texts('slow')
  slow.en.mockImplementationOnce(() => new Promise((r) => { go = () => r({ default: { slow: 'slow en' } }) }))
  const first = addTexts(slow)
  await addTexts(texts('fast'))
  expect(t('fast')).toBe('fast en')
  go()
  await first
  expect([t('slow'), t('fast')]).toEqual(['slow en', 'fast en'])
})

it('tries again what could not be loaded', async () => {
  const broken = texts('broken')
  broken.en.mockRejectedValueOnce(new Error('offline'))
  await expect(addTexts(broken)).rejects.toThrow('offline')
  await addTexts(broken)
  expect(t('broken')).toBe('broken en')
})

it('has all texts in the language that is chosen later', async () => {
  const later = texts('later')
  await addTexts(later)
  prefs.locale = 'pt-BR'
  await nextTick()
  await addTexts(later)
  expect([t('later'), document.documentElement.lang]).toEqual(['later pt-BR', 'pt-BR'])
})
