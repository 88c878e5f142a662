import { onBeforeUnmount } from 'vue'
import { prefs } from './prefs'

/** The keyboard map. Handlers, tooltips and the help sheet all read this list. */
export const KEYS = {
  next: ['J', '↓'], prev: ['K', '↑'], open: ['Enter'], reply: ['R'], note: ['N'], canned: ['/'], close: ['E'],
  claim: ['A'], transfer: ['T'], details: ['I'], search: ['F'], palette: ['Ctrl', 'K'], help: ['?'], back: ['Esc'],
} as const
export type KeyId = keyof typeof KEYS

const CODES: Record<string, KeyId> = {
  j: 'next', ArrowDown: 'next', k: 'prev', ArrowUp: 'prev', Enter: 'open', r: 'reply', n: 'note', '/': 'canned', e: 'close',
  a: 'claim', t: 'transfer', i: 'details', f: 'search', '?': 'help', Escape: 'back',
}
const handlers = new Map<KeyId, (() => boolean | void)[]>()

const typingIn = (el: EventTarget | null) =>
  el instanceof HTMLElement && (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName))

/** Calls `fn` for the key while the component lives; the newest handler wins unless it returns false. */
export function useKey(id: KeyId, fn: () => boolean | void) {
  const list = handlers.get(id) ?? []
  handlers.set(id, list)
  list.unshift(fn)
  onBeforeUnmount(() => list.splice(list.indexOf(fn), 1))
}

/** Does what the key does; false if nothing on the page takes it now. */
export function runKey(id: KeyId): boolean {
  return (handlers.get(id) ?? []).some((fn) => fn() !== false)
}

/** Installs the one key listener of the page. */
export function listenKeys() {
  addEventListener('keydown', (e) => {
    if (e.defaultPrevented || e.isComposing || e.altKey) return
    if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'k' && runKey('palette')) return e.preventDefault()
    if (e.ctrlKey || e.metaKey) return
    const id = CODES[e.key.length === 1 ? e.key.toLowerCase() : e.key]
    if (!id) return
    const single = e.key.length === 1
    if (single && (!prefs.singleKeys || typingIn(e.target))) return
    // Keys that a control or an open dialog understands itself stay with it.
    if (id !== 'back' && document.querySelector('[role="dialog"],[role="menu"]')) return
    if (!single && id !== 'back' && (typingIn(e.target) || (e.target as HTMLElement).closest('button,a,[role="tab"],[role="radio"]'))) return
    if (runKey(id)) e.preventDefault()
  })
}
