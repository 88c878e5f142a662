import type { Canned } from '@parlor/protocol/types'

type Scope = Canned['scope']
export interface Shelf { key: string; scope: Scope; team?: string; name: string; editable: boolean }
export interface Category { id: string; name: string; parent?: string; sort: number }
export type Node = Category & { depth: number }

/** The shelves that an agent sees: one's own, those of one's teams, the company's. Those of others need the permission to manage content. */
export function shelves(mine: string[], teams: { id: string; name: string }[], content: boolean): Shelf[] {
  return [
    { key: 'personal', scope: 'personal', name: '', editable: true },
    ...teams.filter((x) => content || mine.includes(x.id)).map((x) => ({ key: 'team:' + x.id, scope: 'team' as const, team: x.id, name: x.name, editable: content })),
    { key: 'company', scope: 'company', name: '', editable: content },
  ]
}

/** Categories as a flat list in the order of the tree, each with its depth. One whose parent is missing stands at the top. */
export function tree(list: Category[]): Node[] {
  const known = new Set(list.map((c) => c.id))
  const out: Node[] = []
  const seen = new Set<string>()
  const walk = (parent: string | undefined, depth: number) => {
    for (const c of list.filter((x) => (x.parent && known.has(x.parent) ? x.parent : undefined) === parent).sort((a, b) => a.sort - b.sort || a.name.localeCompare(b.name))) {
      if (seen.has(c.id)) continue
      seen.add(c.id)
      out.push({ ...c, depth })
      walk(c.id, depth + 1)
    }
  }
  walk(undefined, 0)
  return out
}
