import { reactive, watch } from 'vue'

export const LOCALES = ['zh-CN', 'en', 'pt-BR'] as const
export type Locale = (typeof LOCALES)[number]
export type Theme = 'system' | 'light' | 'dark'

const KEY = 'parlor.prefs'

/** The language of the browser, as far as we speak it. */
function browserLocale(): Locale {
  for (const tag of navigator.languages ?? [navigator.language]) {
    const found = LOCALES.find((l) => l.slice(0, 2) === tag.slice(0, 2).toLowerCase())
    if (found) return found
  }
  return 'en'
}

function stored(): object {
  try {
    return (JSON.parse(localStorage.getItem(KEY) ?? '{}') as object | null) ?? {}
  } catch {
    return {}
  }
}

/** What this person chose on this device. Kept in local storage; never sent. */
export const prefs = reactive({
  theme: 'system' as Theme,
  locale: browserLocale(),
  sound: true,
  notify: false,
  singleKeys: true,
  details: true,
  ...stored(),
})

const dark = matchMedia('(prefers-color-scheme: dark)')
function paint() {
  document.documentElement.dataset.theme = prefs.theme === 'dark' || (prefs.theme === 'system' && dark.matches) ? 'dark' : 'light'
}

/** Applies the preferences to the page and keeps them stored. */
export function followPrefs() {
  dark.addEventListener('change', paint)
  watch(prefs, () => {
    paint()
    try {
      localStorage.setItem(KEY, JSON.stringify(prefs))
    } catch {
      // Storage is full or forbidden: the choice lasts until the page is closed.
    }
  }, { immediate: true })
}
