import { watch } from 'vue'
import { createI18n } from 'vue-i18n'
import { prefs, type Locale } from '../app/prefs'

const load: Record<Locale, () => Promise<{ default: object }>> = {
  'zh-CN': () => import('./zh-CN.json'),
  en: () => import('./en.json'),
  'pt-BR': () => import('./pt-BR.json'),
}

export const i18n = createI18n({ legacy: false, locale: prefs.locale, fallbackLocale: false as const, missingWarn: false, messages: {} as Record<string, never> })

type Translate = { t(key: string, named?: Record<string, unknown>, plural?: number): string; te(key: string): boolean }
/** The text for a key in the current language; reactive in templates. */
export const t: Translate['t'] = (key, named = {}, plural) =>
  plural === undefined ? (i18n.global as unknown as Translate).t(key, named) : (i18n.global as unknown as Translate).t(key, { n: plural, ...named }, plural)
/** Whether the current language has a text for a key. */
export const te: Translate['te'] = (key) => (i18n.global as unknown as Translate).te(key)

type Load = Record<Locale, () => Promise<{ default: object }>>
/** Texts of pages that are loaded later, and when those of the current language are there. */
const more = new Map<Load, Promise<void>>()
/** All texts of a language that have been loaded. */
const loaded: Partial<Record<Locale, object>> = {}

/**
 * Adds the texts of pages that are loaded later. Resolves when those of the current language are there. To add them
 * once more costs nothing; the first time everything on screen is drawn anew.
 */
export async function addTexts(texts: Load) {
  if (!more.has(texts)) {
    more.set(texts, Promise.resolve())
    more.set(texts, use(prefs.locale))
  }
  try {
    await more.get(texts)
  } catch (e) {
    more.delete(texts)
    throw e
  }
}

async function use(locale: Locale) {
  const parts = await Promise.all([load[locale](), ...[...more.keys()].map((m) => m[locale]())])
  // Others may have been loaded meanwhile, and another language chosen.
  loaded[locale] = Object.assign({}, loaded[locale], ...parts.map((m) => m.default))
  i18n.global.setLocaleMessage(locale, loaded[locale] as never)
  if (locale !== prefs.locale) return
  ;(i18n.global.locale as unknown as { value: string }).value = locale
  document.documentElement.lang = locale
}

/** Loads the chosen language and follows later choices. Resolves when the first one is there. */
export async function followLocale() {
  watch(() => prefs.locale, (l) => {
    const there = use(l)
    for (const texts of more.keys()) more.set(texts, there)
  })
  await use(prefs.locale)
}
