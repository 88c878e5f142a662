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
const more: Load[] = []

/** Adds the texts of pages that are loaded later. Resolves when those of the current language are there. */
export async function addTexts(texts: Load) {
  if (!more.includes(texts)) more.push(texts)
  await use(prefs.locale)
}

async function use(locale: Locale) {
  const [messages, ...others] = await Promise.all([load[locale](), ...more.map((m) => m[locale]())])
  i18n.global.setLocaleMessage(locale, Object.assign({}, messages.default, ...others.map((m) => m.default)) as never)
  ;(i18n.global.locale as unknown as { value: string }).value = locale
  document.documentElement.lang = locale
}

/** Loads the chosen language and follows later choices. Resolves when the first one is there. */
export async function followLocale() {
  watch(() => prefs.locale, (l) => void use(l))
  await use(prefs.locale)
}
