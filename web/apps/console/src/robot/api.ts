import { rest } from '../realtime/client'

/** A text by language; the one of "" is for all others. */
export type Words = Record<string, string>

export interface Category { id: string; parent?: string; name: string; sort: number }

/** A question with its answer. */
export interface Article {
  id: string; category?: string; title: string; questions?: string[] | null; answer: string; link?: string; linkTitle?: string; picture?: string | { id: string }; related?: string[] | null
  inboxes?: string[] | null; locale?: string; active: boolean; version: number; asked: number; solved: number; unsolved: number; updatedAt?: string; updatedBy?: string
}
export interface Match { article: Article; score: number; wording?: string }
export interface ImportReport { added: number; changed: number; faults?: { line: number; reason: string }[] }

export const DOES = ['answer', 'menu', 'text', 'team', 'human', 'link'] as const
export interface MenuItem { id: string; title: Words; does: typeof DOES[number]; article?: string; menu?: string; team?: string; text?: Words; link?: string }
export interface Menu { id: string; title: Words; items: MenuItem[] }
export interface Engine { on: boolean; baseUrl: string; model: string; timeoutSeconds: number; maxTokens: number; passages: number; keySet?: boolean; /** A new one; '' takes the stored one away. */ key?: string | undefined }

export const SAYS = ['unknown', 'suggest', 'handing', 'waiting', 'nobody', 'solved', 'unsolved'] as const
export interface Robot {
  id: string; agent?: string; name: string; active: boolean; inboxes: string[]; when: 'always' | 'off_hours' | 'unattended'
  greeting: Words; menu?: string; threshold: number; suggest: number; failedTurns: number; words: Record<string, string[]>; button: boolean; buttonAfter: number
  rate: boolean; unsolvedHands: boolean; team?: string; nobody: 'wait' | 'stay' | 'leave'; texts: Partial<Record<typeof SAYS[number], Words>>; menus: Menu[]; engine: Engine; version: number
}
export interface Said { text: string; card?: { kind: string; title?: string; items?: { id?: string; title: string; link?: string }[] }; robot?: RobotMark }
/** What a robot's message says of itself. */
export interface RobotMark { rule: string; sources?: { id: string; title: string; link?: string; score?: number }[]; rate?: boolean }
export interface Tried { replies: Said[]; handOff: boolean; team?: string; failed: number }

type Init = { params?: { path?: Record<string, string>; query?: Record<string, unknown> }; body?: unknown }
type Call = <T>(path: string, init?: Init) => Promise<{ data?: T }>
const api = rest as unknown as Record<'GET' | 'POST' | 'PUT' | 'DELETE', Call>
const P = '/api/parlor/v1'
const of = (id: string) => ({ params: { path: { id } } })

export const categories = async () => (await api.GET<{ items?: Category[] }>(P + '/knowledge/categories')).data?.items ?? []
export const saveCategory = (c: { id?: string; parent?: string; name: string; sort: number }) => {
  const body = { name: c.name, sort: c.sort, parent: c.parent ?? '' }
  return c.id ? api.PUT(P + '/knowledge/categories/{id}', { ...of(c.id), body }) : api.POST(P + '/knowledge/categories', { body })
}
export const removeCategory = (id: string) => api.DELETE(P + '/knowledge/categories/{id}', of(id))

export interface Wanted { q?: string; category?: string; active?: string; cursor?: string; limit?: number }
export const articles = async (w: Wanted) => {
  const query = Object.fromEntries(Object.entries(w).filter(([, v]) => v !== '' && v !== undefined))
  const { data } = await api.GET<{ items?: Article[]; next?: string }>(P + '/knowledge', { params: { query } })
  return { items: data?.items ?? [], next: data?.next }
}
export const article = async (id: string) => (await api.GET<Article>(P + '/knowledge/{id}', of(id))).data!
export const saveArticle = async (a: Partial<Article> & { id?: string | undefined }) => {
  const body = writable(a)
  return (a.id ? await api.PUT<Article>(P + '/knowledge/{id}', { ...of(a.id), body }) : await api.POST<Article>(P + '/knowledge', { body })).data!
}
export const removeArticle = (id: string) => api.DELETE(P + '/knowledge/{id}', of(id))
export const find = async (body: { text: string; inbox?: string; locale?: string; limit?: number }) => (await api.POST<{ items?: Match[] }>(P + '/knowledge/find', { body })).data?.items ?? []
export const importArticles = async (csv: string, dry: boolean) => (await api.POST<ImportReport>(P + '/knowledge/import', { body: { csv, dry } })).data!

/** What of an article is written; the rest is the server's. */
export function writable(a: Partial<Article>) {
  return {
    category: a.category ?? '', title: (a.title ?? '').trim(), questions: (a.questions ?? []).map((q) => q.trim()).filter(Boolean), answer: a.answer ?? '', link: a.link?.trim() ?? '', linkTitle: a.linkTitle?.trim() ?? '',
    picture: typeof a.picture === 'object' ? a.picture.id : (a.picture ?? ''), related: a.related ?? [], inboxes: a.inboxes ?? [], locale: a.locale ?? '', active: a.active ?? true, ...(a.id ? { version: a.version ?? 0 } : {}),
  }
}

export const robots = async () => (await api.GET<{ items?: Robot[] }>(P + '/robots')).data?.items ?? []
export const robot = async (id: string) => (await api.GET<Robot>(P + '/robots/{id}', of(id))).data!
const FIELDS = ['name', 'active', 'inboxes', 'when', 'greeting', 'menu', 'threshold', 'suggest', 'failedTurns', 'words', 'button', 'buttonAfter', 'rate', 'unsolvedHands', 'team', 'nobody', 'texts', 'menus', 'engine', 'version'] as const
/** What of a robot is written; the key of the engine only if there is a new one. */
export function writableRobot(r: Partial<Robot>) {
  const body: Record<string, unknown> = {}
  for (const f of FIELDS) if (r[f] !== undefined) body[f] = r[f]
  if (!r.engine) return body
  const { keySet: _set, key, ...engine } = r.engine
  body.engine = { ...engine, ...(key === undefined ? {} : { key }) }
  return body
}
export const saveRobot = async (r: Partial<Robot> & { id?: string | undefined }) => {
  const body = writableRobot(r)
  return (r.id ? await api.PUT<Robot>(P + '/robots/{id}', { ...of(r.id), body }) : await api.POST<Robot>(P + '/robots', { body })).data!
}
export const removeRobot = (id: string) => api.DELETE(P + '/robots/{id}', of(id))
export const tryRobot = async (id: string, body: { text?: string; item?: string; solved?: boolean; locale?: string; inbox?: string; failed: number }) => (await api.POST<Tried>(P + '/robots/{id}/try', { ...of(id), body })).data!
