import { localStore } from '@parlor/protocol/store'

export interface Draft { mode: 'reply' | 'note'; reply: string; note: string }

const store = localStore()
const keyOf = (agent: string, conversation: string) => `parlor.draft.${agent}.${conversation}`
const memory = new Map<string, Draft>()

/** What this agent had begun to write, or an empty draft. */
export function loadDraft(agent: string, conversation: string): Draft {
  const key = keyOf(agent, conversation)
  const empty: Draft = { mode: 'reply', reply: '', note: '' }
  if (memory.has(key)) return { ...memory.get(key)! }
  try {
    return { ...empty, ...(JSON.parse(store?.getItem(key) ?? '{}') as Partial<Draft>) }
  } catch {
    return empty
  }
}

/** Keeps a draft over reloads; an empty one leaves nothing behind. */
export function saveDraft(agent: string, conversation: string, d: Draft) {
  const key = keyOf(agent, conversation)
  memory.set(key, { ...d })
  try {
    if (d.reply || d.note) store?.setItem(key, JSON.stringify(d))
    else store?.removeItem(key)
  } catch {
    // Storage full: the draft lives until the page is closed.
  }
}
