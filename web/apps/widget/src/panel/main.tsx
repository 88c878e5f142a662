import { render } from 'preact'
import type { Hello } from '../bridge'
import type { Texts } from '../i18n/en'
import { Chat } from './chat'
import { brand } from './color'
import './style.css'
import { setLocale } from './time'
import { Panel } from './view'

const LANGUAGES: Record<string, [tag: string, load: () => Promise<{ default: Texts }>]> = {
  zh: ['zh-CN', () => import('../i18n/zh')],
  en: ['en', () => import('../i18n/en')],
  pt: ['pt-BR', () => import('../i18n/pt')],
}

/** Accepts one greeting, from the page that holds this frame and from no other window. */
function listen() {
  const meta = document.querySelector<HTMLMetaElement>('meta[name=parlor]')
  if (meta) return void import('./full').then((m) => m.full(meta.content, (h, p) => void begin(h, p)))
  addEventListener('message', function first(e: MessageEvent<Hello>) {
    if (e.source !== window.parent || window.parent === window || e.data?.parlor !== 1 || !e.ports[0]) return
    removeEventListener('message', first)
    void begin(e.data, e.ports[0])
  })
}

async function begin(hello: Hello, port: MessagePort) {
  const root = document.getElementById('app')!
  const html = document.documentElement
  const dark = matchMedia('(prefers-color-scheme: dark)')
  let theme = hello.theme
  let texts: Texts
  let queued = false
  const given = hello.settings.greeting

  const paint = () => {
    const look = chat.session?.inbox.widget?.look
    const set = theme === 'auto' ? look?.theme : theme
    const isDark = set === 'dark' || (set !== 'light' && dark.matches)
    const c = brand(chat.session?.inbox.color || hello.settings.color || '', isDark, look?.text)
    html.dataset.theme = isDark ? 'dark' : 'light'
    for (const [k, v] of Object.entries(c)) html.style.setProperty('--brand-' + k, v)
  }
  const draw = () => {
    if (queued || !texts) return
    queued = true
    const go = () => {
      queued = false
      paint()
      render(<Panel chat={chat} t={texts} name={chat.session?.inbox.name || hello.settings.name} greeting={(typeof given === 'object' ? given[html.lang] : chat.session?.inbox.greeting || given) || ''} tick={++tick} />, root)
    }
    // A hidden frame gets no animation frames, yet the count of unread messages must follow.
    if (document.hidden || !chat.shown) setTimeout(go, 30)
    else requestAnimationFrame(go)
  }
  let tick = 0
  const speak = async (locale: string) => {
    const [tag, load] = LANGUAGES[locale.slice(0, 2).toLowerCase()] ?? LANGUAGES.en!
    texts = (await load()).default
    html.lang = tag
    setLocale(tag)
    draw()
  }
  const chat = new Chat(hello, port, () => draw())
  chat.onTheme = (x) => { theme = x; draw() }
  chat.onLocale = (x) => void speak(x)
  dark.addEventListener('change', draw)
  addEventListener('keydown', (e) => {
    if (e.key === 'Escape' && !e.defaultPrevented) chat.tell({ t: 'close' })
  })
  document.title = hello.settings.name
  await speak(hello.locale)
}

listen()
