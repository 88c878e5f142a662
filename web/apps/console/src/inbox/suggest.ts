import { score } from '../app/fuzzy'
import type { AgentStatus, Canned } from '@parlor/protocol/types'

/** What the list above the composer offers: a canned reply or a colleague. */
export interface Suggestion { key: string; canned?: Canned; agent?: AgentStatus }

/** The `@name` being typed before the caret; names may hold blanks, so up to three words are taken. */
export function atSign(text: string, caret: number): { from: number; query: string } | undefined {
  const m = /(^|[^\p{L}\p{N}@]|\p{Script=Han})@([^\s@]{0,30}(?: [^\s@]{1,30}){0,2})$/u.exec(text.slice(0, caret))
  return m ? { from: m.index + m[1]!.length, query: m[2]! } : undefined
}

/** The colleagues whose name fits, who are there first, at most eight. A name that is typed in full needs no offer. */
export function findAgents(list: Iterable<AgentStatus>, query: string, me: string): AgentStatus[] {
  const q = query.toLowerCase()
  return [...list].filter((a) => a.agent !== me && a.name.toLowerCase() + ' ' !== q).map((a) => ({ a, s: score(query, a.name) }))
    .filter((x) => x.s > (query ? 10 : 0)).sort((x, y) => y.s - x.s || Number(y.a.connected) - Number(x.a.connected)).slice(0, 8).map((x) => x.a)
}
