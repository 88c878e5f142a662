import type {
  AgentState, AgentStatus, Canned, Conversation, Counts, Decision, FileInfo, Message, Page, PostKind, Problem, SearchHit,
  Session, Team, View, Visitor,
} from './types'

type Json<T> = { content: { 'application/json': T } }
type Answer<R> = { 200: { headers: Record<string, unknown> } & Json<R>; default: { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } } }
type Params<Q, P> = {
  query?: Q; header?: never; cookie?: never
} & ([P] extends [never] ? { path?: never } : { path: P })
type Op<R, Q = never, P = never, B = never> = {
  parameters: Params<Q, P>
  responses: Answer<R>
} & ([B] extends [never] ? { requestBody?: never } : { requestBody: Json<B> })
type Get<R, Q = never, P = never> = { get: Op<R, Q, P> }
type Post<R, B = never, P = never> = { post: Op<R, never, P, B> }
type Items<T> = { items?: T[] }
type Paged<T> = Items<T> & { next?: string }
type Id = { id: string }

/** The agents' REST calls that the console uses, relative to `/api/parlor/v1`, in the shape openapi-fetch reads. */
export interface paths {
  '/session': Get<Session> & Post<Session, { login: string; password: string }> & { delete: Op<never> }
  '/me/state': { put: Op<AgentStatus, never, never, { state: AgentState; reason?: string }> }
  '/agents': Get<Items<AgentStatus>>
  '/teams': Get<Items<Team>>
  '/conversations': Get<Paged<Conversation>, { view?: View; visitor?: string; after?: string; limit?: number }>
  '/conversations/counts': Get<Counts>
  '/conversations/{id}': Get<Conversation, never, Id>
  '/conversations/{id}/messages':
    Get<Items<Message>, { before?: number; after?: number; limit?: number }, Id>
    & Post<Message, { kind: PostKind; text?: string; file?: string; clientId?: string }, Id>
  '/conversations/{id}/read': Post<Conversation, { seq: number }, Id>
  '/conversations/{id}/claim': Post<Conversation, never, Id>
  '/conversations/{id}/transfer': Post<Conversation, { agent?: string; team?: string; note?: string }, Id>
  '/conversations/{id}/close': Post<Conversation, never, Id>
  '/conversations/{id}/routing': Get<{ decisions?: Decision[]; place?: number }, never, Id>
  '/visitors/{id}': Get<Visitor, never, Id>
    & { patch: Op<Visitor, never, Id, Partial<Pick<Visitor, 'name' | 'email' | 'phone' | 'memo'>>> }
  '/visitors/{id}/pages': Get<Items<Page>, { limit?: number }, Id>
  '/search': Get<Paged<SearchHit>, { q: string; after?: string; limit?: number }>
  '/canned': Get<{ items?: Canned[] }>
  '/files': Post<FileInfo>
}
