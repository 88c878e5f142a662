import type { Article, Menu, MenuItem, Words } from './api'

export const MAX_MENUS = 50
export const MAX_ITEMS = 20

/** The text in a language: itself, the one for all, any. */
export const say = (x: Words | undefined, lang: string) => x?.[lang] || x?.[''] || Object.values(x ?? {}).find(Boolean) || ''

/** A name for something new that no other one has. */
export function fresh(prefix: string, used: Iterable<string>): string {
  const all = new Set(used)
  for (let n = 1; ; n++) if (!all.has(prefix + n)) return prefix + n
}
const ids = (menus: Menu[]) => menus.flatMap((m) => [m.id, ...m.items.map((i) => i.id)])

export const newMenu = (menus: Menu[], title: Words = {}): Menu => ({ id: fresh('m', ids(menus)), title, items: [] })
export const newItem = (menus: Menu[]): MenuItem => ({ id: fresh('i', ids(menus)), title: {}, does: 'answer' })

/** The same list with one thing at another place. */
export function shifted<T>(list: T[], at: number, by: number): T[] {
  const to = at + by
  if (to < 0 || to >= list.length) return list
  const out = [...list]
  out.splice(to, 0, ...out.splice(at, 1))
  return out
}

/** Takes a menu away, and with it everything that led there. */
export function without(menus: Menu[], id: string): Menu[] {
  return menus.filter((m) => m.id !== id).map((m) => ({ ...m, items: m.items.filter((i) => i.does !== 'menu' || i.menu !== id) }))
}

/** Only what an item's deed needs is kept. */
export function tidy(i: MenuItem): MenuItem {
  const { id, title, does } = i
  switch (does) {
    case 'answer': return { id, title, does, ...(i.article ? { article: i.article } : {}) }
    case 'menu': return { id, title, does, ...(i.menu ? { menu: i.menu } : {}) }
    case 'team': return { id, title, does, ...(i.team ? { team: i.team } : {}) }
    case 'text': return { id, title, does, text: i.text ?? {} }
    case 'link': return { id, title, does, link: i.link?.trim() ?? '' }
    case 'human': return { id, title, does }
  }
}

/** What is missing in a menu item: a word for a text, '' if nothing. */
export function lacking(i: MenuItem, menus: Menu[]): '' | 'title' | 'article' | 'menu' | 'text' | 'team' | 'link' {
  if (!say(i.title, '').trim()) return 'title'
  if (i.does === 'answer' && !i.article) return 'article'
  if (i.does === 'menu' && !menus.some((m) => m.id === i.menu)) return 'menu'
  if (i.does === 'text' && !say(i.text, '').trim()) return 'text'
  if (i.does === 'team' && !i.team) return 'team'
  if (i.does === 'link' && !/^(https?:\/\/\S|\/(?!\/))/.test(i.link?.trim() ?? '')) return 'link'
  return ''
}
/** Whether every menu and item is complete. */
export const complete = (menus: Menu[]) => menus.every((m) => m.items.length > 0 && m.items.every((i) => !lacking(i, menus)))

/** The menus that can be reached from one, itself first. */
export function reach(menus: Menu[], from: string | undefined): Set<string> {
  const seen = new Set<string>()
  const walk = (id: string | undefined) => {
    const m = menus.find((x) => x.id === id)
    if (!m || seen.has(m.id)) return
    seen.add(m.id)
    for (const i of m.items) if (i.does === 'menu') walk(i.menu)
  }
  walk(from)
  return seen
}

/** The lines of a text as a list without empty ones and repetitions. */
export const wordList = (text: string) => [...new Set(text.split(/[\n,，、;；]/).map((x) => x.trim()).filter(Boolean))]

/** How many of those who said something said that it helped, 0 to 100; undefined if nobody did. */
export function helped(a: Pick<Article, 'solved' | 'unsolved'>): number | undefined {
  const n = a.solved + a.unsolved
  return n ? Math.round((100 * a.solved) / n) : undefined
}
