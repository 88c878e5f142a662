import { shallowReactive } from 'vue'
import { t } from '../i18n'
import { dismissKey, toast, toastError } from './toasts'

/** How long something can be undone, ms. */
export const UNDO = 8_000

/** A change of a conversation that happens when its time is up. */
export interface Leaving { kind: 'close' | 'transfer'; ends: number; target?: string }
interface Held extends Leaving { run: (last: boolean) => Promise<unknown>; timer: ReturnType<typeof setTimeout> }

const held = new Map<string, Held>()
/** Conversations that are about to be closed or transferred, for the screen. */
export const leaving = shallowReactive(new Map<string, Leaving>())
/** What can be taken back, newest last. */
let stack: { key: string; until: number; run: () => void }[] = []

/** What is done or undone offers no Undo any more. */
function forget(key: string) {
  stack = stack.filter((x) => x.key !== key)
  dismissKey(key)
}
/** Notes something that can be undone for a while, and says so. */
export function undoable(key: string, text: string, run: () => void, closed?: () => void) {
  forget(key)
  stack.push({ key, until: Date.now() + UNDO, run })
  const once = () => { forget(key); run() }
  toast(text, 'plain', { key, ms: UNDO, low: true, action: { text: t('toast.undo'), run: once }, ...(closed ? { closed } : {}) })
}
/** Undoes the newest thing that still can be undone; false if there is none. */
export function undoLast(): boolean {
  stack = stack.filter((x) => x.until > Date.now())
  const x = stack.pop()
  x?.run()
  return !!x
}
export const canUndo = () => stack.some((x) => x.until > Date.now())

/**
 * Closes or transfers a conversation after UNDO, unless it is undone. Dismissing the message does it at once, and so does
 * leaving the page. `run` is told when it is the last thing the page does.
 */
export function postpone(conversation: string, what: { kind: Leaving['kind']; target?: string; text: string }, run: (last: boolean) => Promise<unknown>) {
  cancel(conversation)
  const h: Held = { kind: what.kind, ends: Date.now() + UNDO, run, timer: setTimeout(() => void settle(conversation), UNDO), ...(what.target ? { target: what.target } : {}) }
  held.set(conversation, h)
  leaving.set(conversation, h)
  undoable('leave-' + conversation, what.text, () => cancel(conversation), () => void settle(conversation))
}
/** Stops a postponed change; false if there was none. */
export function cancel(conversation: string): boolean {
  const h = held.get(conversation)
  if (!h) return false
  clearTimeout(h.timer)
  held.delete(conversation)
  leaving.delete(conversation)
  forget('leave-' + conversation)
  return true
}
/** Does a postponed change now. */
export async function settle(conversation: string, last = false) {
  const h = held.get(conversation)
  if (!h || !cancel(conversation)) return
  try {
    await h.run(last)
  } catch (e) {
    toastError(e)
  }
}
/** Does everything that is postponed, for instance before the session ends. */
export const settleAll = (last = false) => Promise.all([...held.keys()].map((id) => settle(id, last)))

addEventListener('pagehide', () => void settleAll(true))
