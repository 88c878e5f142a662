import { csrfToken } from '../realtime/client'
import { Gate } from './bridge'

// What an agent allowed a window lasts as long as the session, which the token stands for.
const leaves = new Map<string, boolean>()
const gates = new Map<string, Gate>()
const key = (window: string) => csrfToken() + ' ' + window

/** Whether a window may send messages; undefined until the agent has said. */
export const allowed = (window: string) => leaves.get(key(window))
export const remember = (window: string, yes: boolean) => void leaves.set(key(window), yes)
/** What lets a window send ten messages a minute. */
export function gateOf(window: string): Gate {
  const gate = gates.get(window) ?? new Gate()
  gates.set(window, gate)
  return gate
}
