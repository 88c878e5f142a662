import { onBeforeUnmount } from 'vue'
import { prefs } from './prefs'

export type Group = 'talk' | 'write' | 'move' | 'go' | 'me' | 'look'
export interface ActionKind { group: Group; keys?: readonly string[] }

/**
 * Everything the console can do by name. The key listener, the tooltips, the command bar and the help sheet all read this
 * list. Each of `keys` does it: a single key, `Ctrl K` together, or two letters one after the other (`G Q`).
 */
export const ACTIONS = {
  accept: { group: 'talk', keys: ['O'] }, decline: { group: 'talk', keys: ['X'] },
  claim: { group: 'talk', keys: ['A'] }, transfer: { group: 'talk', keys: ['T'] }, close: { group: 'talk', keys: ['E'] }, details: { group: 'talk', keys: ['I'] },
  tags: { group: 'talk', keys: ['L'] }, summary: { group: 'talk', keys: ['W'] }, block: { group: 'talk' }, draw: { group: 'talk', keys: ['D'] }, record: { group: 'talk', keys: ['V'] }, why: { group: 'talk', keys: ['Y'] },
  next: { group: 'move', keys: ['J', '↓'] }, prev: { group: 'move', keys: ['K', '↑'] }, open: { group: 'move', keys: ['Enter'] }, back: { group: 'move', keys: ['Esc'] },
  nextUnread: { group: 'move', keys: ['U'] },
  reply: { group: 'write', keys: ['R'] }, note: { group: 'write', keys: ['N'] }, canned: { group: 'write', keys: ['/'] }, pictures: { group: 'write', keys: ['P'] },
  undo: { group: 'write', keys: ['Z'] },
  palette: { group: 'go', keys: ['Ctrl K'] }, search: { group: 'go', keys: ['F'] }, chat: { group: 'go', keys: ['C'] }, help: { group: 'go', keys: ['?'] },
  goMine: { group: 'go', keys: ['G I'] }, goAll: { group: 'go', keys: ['G A'] }, goClosed: { group: 'go', keys: ['G E'] }, goQueue: { group: 'go', keys: ['G Q'] },
  goMentions: { group: 'go', keys: ['G M'] }, goFollowups: { group: 'go', keys: ['G F'] }, goOnline: { group: 'go', keys: ['G V'] }, goOffline: { group: 'go', keys: ['G O'] }, goInvitations: { group: 'go', keys: ['G N'] }, goRatings: { group: 'go', keys: ['G R'] },
  goCanned: { group: 'go', keys: ['G C'] }, goPictures: { group: 'go', keys: ['G P'] }, goBlacklist: { group: 'go', keys: ['G B'] }, goAdmin: { group: 'go', keys: ['G S'] },
  ready: { group: 'me', keys: ['S R'] }, busy: { group: 'me', keys: ['S B'] }, lunch: { group: 'me', keys: ['S L'] }, break: { group: 'me', keys: ['S K'] },
  meeting: { group: 'me', keys: ['S M'] }, training: { group: 'me', keys: ['S T'] }, logout: { group: 'me' },
  light: { group: 'look' }, dark: { group: 'look' }, system: { group: 'look' }, 'zh-CN': { group: 'look' }, en: { group: 'look' }, 'pt-BR': { group: 'look' },
  sound: { group: 'look' }, notify: { group: 'look' }, singleKeys: { group: 'look' },
} as const satisfies Record<string, ActionKind>
export type ActionId = keyof typeof ACTIONS

export const kindOf = (id: ActionId): ActionKind => ACTIONS[id]
export const ids = Object.keys(ACTIONS) as ActionId[]
/** The first way to reach an action by the keyboard; empty if there is none. */
export const keyOf = (id: ActionId): string => kindOf(id).keys?.[0] ?? ''

const NAMED: Record<string, string> = { '↓': 'ArrowDown', '↑': 'ArrowUp', Esc: 'Escape', Enter: 'Enter' }
/** What the keyboard says, mapped to actions: `j`, `ArrowDown`, `g q`. */
export const CODES: ReadonlyMap<string, ActionId> = new Map(ids.flatMap((id) => (kindOf(id).keys ?? [])
  .filter((k) => !k.startsWith('Ctrl')).map((k) => [NAMED[k] ?? k.toLowerCase(), id] as const)))
const PREFIXES: ReadonlySet<string> = new Set([...CODES.keys()].filter((c) => c.includes(' ')).map((c) => c.slice(0, 1)))
/** How long the second key of a pair may take, ms. */
const PAIR = 1_200

interface Handler { run: () => unknown; can?: (() => boolean) | undefined }
const handlers = new Map<ActionId, Handler[]>()

const typingIn = (el: EventTarget | null) =>
  el instanceof HTMLElement && (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName))

/** Makes `run` the meaning of an action while the component lives. The newest that `can` and does not return false wins. */
export function useKey(id: ActionId, run: () => unknown, can?: () => boolean) {
  const list = handlers.get(id) ?? []
  handlers.set(id, list)
  const h: Handler = { run, can }
  list.unshift(h)
  onBeforeUnmount(() => list.splice(list.indexOf(h), 1))
}

/** Does the action; false if nothing on the page takes it now. */
export function runKey(id: ActionId): boolean {
  return (handlers.get(id) ?? []).some((h) => (!h.can || h.can()) && h.run() !== false)
}
/** Whether something on the page would take the action now. */
export const canRun = (id: ActionId): boolean => (handlers.get(id) ?? []).some((h) => !h.can || h.can())

/** Installs the one key listener of the page. */
export function listenKeys() {
  let first = ''
  let firstAt = 0
  addEventListener('keydown', (e) => {
    if (e.defaultPrevented || e.isComposing || e.altKey) return
    if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'k' && runKey('palette')) return e.preventDefault()
    if (e.ctrlKey || e.metaKey) return
    const key = e.key.length === 1 ? e.key.toLowerCase() : e.key
    const single = e.key.length === 1
    if (single && (!prefs.singleKeys || typingIn(e.target))) return
    const pair = first && e.timeStamp - firstAt < PAIR ? CODES.get(first + ' ' + key) : undefined
    first = ''
    const id = pair ?? CODES.get(key)
    // Keys that a control or an open dialog understands itself stay with it.
    if (id !== 'back' && document.querySelector('[role="dialog"]:not([data-passive]),[role="menu"]')) return
    if (!id && PREFIXES.has(key)) {
      first = key
      firstAt = e.timeStamp
      return
    }
    if (!id) return
    if (!single && id !== 'back' && (typingIn(e.target) || (e.target as HTMLElement).closest('button,a,[role="tab"],[role="radio"],[role="treeitem"]'))) return
    if (runKey(id)) e.preventDefault()
  })
}
