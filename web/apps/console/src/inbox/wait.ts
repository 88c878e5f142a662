import type { AgentStatus, QueueItem } from '@parlor/protocol/types'

/**
 * What a visitor has to expect in a team's queue: the free places of its agents who are ready, and, if there are none for
 * a newcomer, how long the first of the queue has waited by now, the best single guess of the next wait. `wait` is undefined
 * where that is not known.
 */
export function teamWait(team: { id: string; waiting: number }, agents: AgentStatus[], queue: QueueItem[], now: number): { free: number; wait: number | undefined } {
  const places = agents.filter((a) => a.connected && a.state === 'ready' && a.teams.includes(team.id)).reduce((n, a) => n + Math.max(0, a.cap - a.open), 0)
  const free = Math.max(0, places - team.waiting)
  const first = queue.filter((q) => q.conversation.team === team.id).map((q) => Date.parse(q.conversation.queuedAt)).sort((a, b) => a - b)[0]
  return { free, wait: first === undefined ? undefined : Math.max(0, now - first) }
}
