/** Things that have a place among their like, lowest first. */
export interface Placed { id: string; sort: number }

/**
 * Moves a thing one place up or down among its like, and returns those whose place is another one now, with it. Places
 * are written anew from 0, so that things that share one come apart.
 */
export function moved<T extends Placed>(list: T[], id: string, by: -1 | 1): T[] {
  const order = [...list]
  const at = order.findIndex((x) => x.id === id)
  const to = at + by
  if (at < 0 || to < 0 || to >= order.length) return []
  order.splice(to, 0, ...order.splice(at, 1))
  return order.map((x, i) => ({ ...x, sort: i })).filter((x) => list.find((y) => y.id === x.id)!.sort !== x.sort)
}

/** The place behind all others. */
export const last = (list: Placed[]) => list.reduce((n, x) => Math.max(n, x.sort + 1), 0)
