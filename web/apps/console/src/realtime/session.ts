import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { toError } from '@parlor/protocol/errors'
import type { AgentState, AgentStatus, Session } from '@parlor/protocol/types'
import { rest, setCsrf, socket } from './client'

/** Who is logged in, and in which state. */
export const useSession = defineStore('session', () => {
  const session = shallowRef<Session>()
  const status = ref<AgentStatus>()

  function take(s: Session) {
    session.value = s
    status.value = s.status
    setCsrf(s.csrf)
  }
  /** Asks the server who we are. False if nobody is logged in; throws if the server cannot be reached. */
  async function load(): Promise<boolean> {
    if (session.value) return true
    try {
      take((await rest.GET('/api/parlor/v1/session')).data!)
      return true
    } catch (e) {
      if (toError(e).code === 'unauthenticated') return false
      throw e
    }
  }
  async function login(login: string, password: string) {
    take((await rest.POST('/api/parlor/v1/session', { body: { login, password } })).data!)
  }
  async function logout() {
    socket.close()
    await rest.DELETE('/api/parlor/v1/session')
    drop()
  }
  function drop() {
    session.value = undefined
    status.value = undefined
    socket.close()
  }
  async function setState(state: AgentState, reason?: string) {
    status.value = (await rest.PUT('/api/parlor/v1/me/state', { body: { state, ...(reason ? { reason } : {}) } })).data!
  }
  return { session, status, load, login, logout, drop, setState }
})
