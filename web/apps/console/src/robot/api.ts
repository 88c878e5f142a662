import type { Schema } from '@parlor/protocol/types'
import { rest } from '../realtime/client'

/** A text by language; the one of "" is for all others. */
export type Words = Record<string, string>

export type Article = Schema['Article']
export type Match = Schema['ArticleMatch']
/** An article that is written; the picture by its id. */
export type Draft = Omit<Partial<Article>, 'picture'> & { picture?: string | undefined }
export interface ImportReport { added: number; changed: number; faults?: { line: number; reason: string; detail?: string }[] }

export const DOES = ['answer', 'menu', 'text', 'team', 'human', 'link'] as const
export type MenuItem = Schema['Item']
/** A menu that is written always has a heading, if an empty one. */
export type Menu = Schema['Menu'] & { title: Words }
/** With a new key; '' takes the stored one away. */
export type Engine = Omit<Schema['Engine'], 'baseUrl' | 'model'> & { baseUrl: string; model: string; key?: string | undefined }
export const SAYS = ['unknown', 'suggest', 'handing', 'waiting', 'nobody', 'solved', 'unsolved'] as const
export type Robot = Schema['Robot']
/** A robot that is written: with everything that may be left out. */
export type RobotForm = Omit<Robot, 'greeting' | 'words' | 'menus' | 'engine'> & { greeting: Words; words: Record<string, string[]>; menus: Menu[]; engine: Engine }
export type Said = Schema['RobotReply']

const of = (id: string) => ({ params: { path: { id } } })

export const categories = async () => (await rest.GET('/api/parlor/v1/knowledge/categories')).data?.items ?? []
export const saveCategory = (c: { id?: string; parent?: string; name: string; sort: number }) => {
  const body = { name: c.name, sort: c.sort, parent: c.parent ?? '' }
  return c.id ? rest.PUT('/api/parlor/v1/knowledge/categories/{id}', { ...of(c.id), body }) : rest.POST('/api/parlor/v1/knowledge/categories', { body })
}
export const removeCategory = (id: string) => rest.DELETE('/api/parlor/v1/knowledge/categories/{id}', of(id))

export interface Wanted { q?: string; category?: string; active?: '' | 'true' | 'false'; cursor?: string; limit?: number }
export const articles = async (w: Wanted) => {
  const query = Object.fromEntries(Object.entries(w).filter(([, v]) => v !== '' && v !== undefined)) as Omit<Wanted, 'active'>
  const { data } = await rest.GET('/api/parlor/v1/knowledge', { params: { query } })
  return { items: data?.items ?? [], next: data?.next }
}
export const article = async (id: string) => (await rest.GET('/api/parlor/v1/knowledge/{id}', of(id))).data!
export const saveArticle = async (a: Draft) => {
  const body = writable(a)
  return (a.id ? await rest.PUT('/api/parlor/v1/knowledge/{id}', { ...of(a.id), body }) : await rest.POST('/api/parlor/v1/knowledge', { body })).data!
}
export const removeArticle = (id: string) => rest.DELETE('/api/parlor/v1/knowledge/{id}', of(id))
export const find = async (body: { text: string; inbox?: string; locale?: string; limit?: number }) => (await rest.POST('/api/parlor/v1/knowledge/find', { body })).data?.items ?? []
export const importArticles = async (csv: string, dry: boolean): Promise<ImportReport> => (await rest.POST('/api/parlor/v1/knowledge/import', { body: { csv, dry } })).data!

/** An article as it can be edited. */
export const draftOf = (a: Article): Draft => ({ ...a, questions: [...(a.questions ?? [])], related: [...(a.related ?? [])], inboxes: [...(a.inboxes ?? [])], picture: a.picture?.id })

/** What of an article is written; the rest is the server's. */
export function writable(a: Draft) {
  return {
    category: a.category ?? '', title: (a.title ?? '').trim(), questions: (a.questions ?? []).map((q) => q.trim()).filter(Boolean), answer: a.answer ?? '', link: a.link?.trim() ?? '', linkTitle: a.linkTitle?.trim() ?? '',
    picture: a.picture ?? '', related: a.related ?? [], inboxes: a.inboxes ?? [], locale: (a.locale ?? '') as '' | 'zh-CN' | 'en' | 'pt-BR', active: a.active ?? true, ...(a.id ? { version: a.version ?? 0 } : {}),
  }
}

export const robots = async () => (await rest.GET('/api/parlor/v1/robots')).data?.items ?? []
export const robot = async (id: string) => (await rest.GET('/api/parlor/v1/robots/{id}', of(id))).data!

/** A robot as it can be edited: a copy, with everything that was left out. */
export function formOf(r: Robot): RobotForm {
  const c = JSON.parse(JSON.stringify(r)) as Robot
  return { ...c, inboxes: c.inboxes ?? [], greeting: c.greeting ?? {}, words: c.words ?? {}, menus: (c.menus ?? []).map((m) => ({ ...m, title: m.title ?? {}, items: m.items ?? [] })), engine: { ...c.engine, baseUrl: c.engine.baseUrl ?? '', model: c.engine.model ?? '' } }
}

const FIELDS = ['name', 'active', 'inboxes', 'when', 'greeting', 'menu', 'threshold', 'suggest', 'failedTurns', 'words', 'button', 'buttonAfter', 'rate', 'unsolvedHands', 'team', 'nobody', 'texts', 'menus', 'engine', 'version'] as const
/** What of a robot is written; the key of the engine only if it changes. */
export function writableRobot(r: Partial<Robot> | Partial<RobotForm>) {
  const body: Record<string, unknown> = {}
  for (const f of FIELDS) if (r[f] !== undefined) body[f] = r[f]
  if (r.engine) {
    const { keySet: _set, key, ...engine } = r.engine as Engine
    body.engine = { ...engine, ...(key === undefined ? {} : { key }) }
  }
  return body as Schema['Input']
}
export const saveRobot = async (r: Partial<Robot> | Partial<RobotForm>) => {
  const body = writableRobot(r)
  return (r.id ? await rest.PUT('/api/parlor/v1/robots/{id}', { ...of(r.id), body }) : await rest.POST('/api/parlor/v1/robots', { body })).data!
}
export const removeRobot = (id: string) => rest.DELETE('/api/parlor/v1/robots/{id}', of(id))
export const tryRobot = async (id: string, body: { text?: string; item?: string; solved?: boolean; locale?: string; inbox?: string; failed: number }) => (await rest.POST('/api/parlor/v1/robots/{id}/try', { ...of(id), body })).data!
