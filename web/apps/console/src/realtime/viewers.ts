import { shallowReactive } from 'vue'
import type { Viewer } from '@parlor/protocol/types'

/** Who has a conversation on screen, by conversation; kept for the one that this page watches. */
export const viewers = shallowReactive(new Map<string, Viewer[]>())
export function setViewers(conversation: string, list: Viewer[]) {
  viewers.clear()
  viewers.set(conversation, list)
}
