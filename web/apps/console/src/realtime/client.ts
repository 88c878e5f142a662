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

/** In a burst, what comes within this time is drawn together, ms. The first of a burst is drawn at once. */
const GAP = 80

/** Runs calls together at the next animation frame, at most once in GAP, so that a burst of events costs few renders. */
export function batch<A>(apply: (list: A[]) => void): (a: A) => void {
  let waiting: A[] = []
  let last = -GAP
  let frame = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const run = () => {
    clearTimeout(timer)
    cancelAnimationFrame(frame)
    last = performance.now()
    const list = waiting
    waiting = []
    apply(list)
  }
  const draw = () => {
    if (!document.hidden) frame = requestAnimationFrame(run)
    // A hidden page gets no frames, yet its title, sound and notices must follow.
    timer = setTimeout(run, document.hidden ? 50 : 300)
  }
  return (a) => {
    if (waiting.push(a) > 1) return
    const rest = last + GAP - performance.now()
    if (rest > 0) timer = setTimeout(draw, rest)
    else draw()
  }
}
