import { shallowRef } from 'vue'
import type { Call } from '@parlor/protocol/types'
import { addTexts } from '../i18n'
import { socket } from '../realtime/client'

const TEXTS = { 'zh-CN': () => import('./text/zh-CN.json'), en: () => import('./text/en.json'), 'pt-BR': () => import('./text/pt-BR.json') }
export const callTexts = () => addTexts(TEXTS)

/** What the panel of calls is to show: a call that rings or goes on, or one that the agent asked for. */
export interface Wanted { call?: Call; invite?: { conversation: string; kind: Call['kind']; name: string } }
export const wanted = shallowRef<Wanted>()

export const over = (c: Call) => c.state === 'TERMINATED' || c.state === 'ABORTED'
/** Follows the calls of this agent; the panel is loaded with the first one. */
export function followCalls(me: () => string) {
  socket.on('call', ({ call }) => {
    if (!wanted.value && call.agent === me() && !over(call) && (call.by === 'visitor' || call.state === 'CONNECTED')) wanted.value = { call }
  })
}
export function invite(conversation: string, kind: Call['kind'], name: string) {
  if (!wanted.value) wanted.value = { invite: { conversation, kind, name } }
}
