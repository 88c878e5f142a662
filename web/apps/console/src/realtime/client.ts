import { createRest } from '@parlor/protocol/rest'
import { Socket } from '@parlor/protocol/socket'
import type { AgentEmit, AgentListen } from '@parlor/protocol/types'
import { prefs } from '../app/prefs'

let csrf = ''
let onLost: () => void = () => {}

export const setCsrf = (token: string) => { csrf = token }
export const csrfToken = () => csrf
/** Says what happens when the server no longer knows the session. */
export const whenSessionLost = (fn: () => void) => { onLost = fn }

export const rest = createRest({ csrf: () => csrf, locale: () => prefs.locale, unauthenticated: () => onLost() })
export const socket = new Socket<AgentEmit, AgentListen>({ url: location.origin + '/socket.io/', namespace: '/parlor/agent' })
socket.on('refused', (e) => { if (e.code === 'unauthenticated') onLost() })

/** Runs the calls of one animation frame together, so that a burst of events costs one render. */
export function batch<A>(apply: (list: A[]) => void): (a: A) => void {
  let waiting: A[] = []
  const run = () => {
    const list = waiting
    waiting = []
    apply(list)
  }
  return (a) => {
    if (waiting.push(a) > 1) return
    // A hidden page gets no frames, yet its title, sound and notices must follow.
    if (document.hidden) setTimeout(run, 50)
    else requestAnimationFrame(run)
  }
}
