import { shallowReactive } from 'vue'
import type { Page, Schema, Visit } from '@parlor/protocol/types'
import { rest } from './client'

export type Card = Schema['Card']

const KEPT = 50
/** A page that comes later than this after the one before begins a new visit, ms. The server counts the same way. */
const PAUSE = 30 * 60_000
/** What is shown beside conversations, by the id of the conversation; the last ones looked at. */
export const cards = shallowReactive(new Map<string, Card>())

/** Reads a card anew. */
export async function loadCard(id: string): Promise<void> {
  const { data } = await rest.GET('/api/parlor/v1/conversations/{id}/card', { params: { path: { id } } })
  if (!data) return
  cards.delete(id)
  cards.set(id, data)
  for (const old of cards.keys()) if (cards.size > KEPT) cards.delete(old)
}

/** Changes a part of a card that is here. */
export function patchCard(id: string, part: Partial<Card>): void {
  const card = cards.get(id)
  if (card) cards.set(id, { ...card, ...part })
}

/** Visits with one page newer or renewed, newest first. */
export function withPage(visits: Visit[], page: Page): Visit[] {
  const dwelt = { ...page, dwellMs: Math.max(0, Date.parse(page.until) - Date.parse(page.at)) }
  const [last, ...rest_] = visits
  if (!last || Date.parse(page.at) - Date.parse(last.until) > PAUSE) return [{ since: page.at, until: page.until, pages: [dwelt] } as Visit, ...visits]
  return [{ ...last, until: page.until > last.until ? page.until : last.until, pages: [dwelt, ...last.pages.filter((p) => p.id !== page.id)].slice(0, 100) }, ...rest_]
}
