import { render } from 'preact'
import { brand } from '../panel/color'
import '../panel/style.css'
import './style.css'
import { setLocale } from '../panel/time'
import { Counter } from './counter'
import { Page } from './view'
import { wordsOf } from './words'

const TAGS: Record<string, string> = { zh: 'zh-CN', en: 'en', pt: 'pt-BR' }

const locale = new URLSearchParams(location.search).get('lang') || navigator.language
const html = document.documentElement
html.lang = TAGS[locale.slice(0, 2).toLowerCase()] ?? 'en'
setLocale(html.lang)
const words = wordsOf(html.lang)
const root = document.getElementById('app')!
const dark = matchMedia('(prefers-color-scheme: dark)')
let queued = false
let tick = 0

function paint() {
  const inbox = counter.chat.session?.inbox
  const look = inbox?.widget?.look
  const isDark = look?.theme === 'dark' || (look?.theme !== 'light' && dark.matches)
  html.dataset.theme = isDark ? 'dark' : 'light'
  for (const [k, v] of Object.entries(brand(inbox?.color || '', isDark, look?.text))) html.style.setProperty('--brand-' + k, v)
  if (inbox) document.title = inbox.name
}
function draw() {
  if (queued) return
  queued = true
  setTimeout(() => {
    queued = false
    paint()
    render(<Page c={counter} t={words} tick={++tick} />, root)
  }, 20)
}
const counter = new Counter(html.lang, draw)
dark.addEventListener('change', draw)
draw()
