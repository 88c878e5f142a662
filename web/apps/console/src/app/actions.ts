import { useRouter } from 'vue-router'
import type { AgentState } from '@parlor/protocol/types'
import { t } from '../i18n'
import { useSession } from '../realtime/session'
import { askNotify, canNotify, chime } from './alerts'
import { score } from './fuzzy'
import { ACTIONS, canRun, ids, kindOf, useKey, type ActionId, type Group } from './keys'
import { known } from './pages'
import { LOCALES, prefs, type Theme } from './prefs'
import { toast, toastError } from './toasts'
import { settleAll } from './undo'

const THEMES: Theme[] = ['light', 'dark', 'system']
const STATES: [ActionId, AgentState, string?][] = [['ready', 'ready'], ['busy', 'busy'], ['lunch', 'away', 'lunch'], ['break', 'away', 'break'], ['meeting', 'away', 'meeting'], ['training', 'away', 'training']]
export const GROUPS: Group[] = ['talk', 'write', 'move', 'go', 'me', 'look']

/** What an action is called in the command bar and on the help sheet. */
export function nameOf(id: ActionId): string {
  if ((THEMES as string[]).includes(id)) return `${t('settings.theme')}: ${t('theme.' + id)}`
  if ((LOCALES as readonly string[]).includes(id)) return `${t('settings.language')}: ${t('language.' + id)}`
  if (id === 'ready' || id === 'busy') return `${t('state.title')}: ${t('state.' + id)}`
  if (STATES.some(([s]) => s === id)) return `${t('state.title')}: ${t('state.away')} · ${t('state.reason.' + id)}`
  if (id === 'sound') return `${t('settings.sound')}: ${t(prefs.sound ? 'keys.turnOff' : 'keys.turnOn')}`
  if (id === 'notify') return `${t('settings.notify')}: ${t(prefs.notify ? 'keys.turnOff' : 'keys.turnOn')}`
  if (id === 'singleKeys') return `${t('keys.single')}: ${t(prefs.singleKeys ? 'keys.turnOff' : 'keys.turnOn')}`
  return t('keys.' + id)
}

export interface Command { id: ActionId; name: string; keys: readonly string[]; group: Group }
/** The actions that can be done now and fit the query, best first; without a query in the order of the list. */
export function commands(query: string, recent: readonly string[] = []): Command[] {
  return ids.filter((id) => id !== 'palette' && id !== 'open' && canRun(id)).map((id) => {
    const name = nameOf(id)
    const keys: readonly string[] = kindOf(id).keys ?? []
    const s = query ? Math.max(score(query, name), score(query, t('keys.group.' + ACTIONS[id].group) + ' ' + name) * 0.5, keys.some((k) => k.replace(' ', '').toLowerCase() === query.toLowerCase()) ? 90 : 0) : 1
    return { c: { id, name, keys, group: ACTIONS[id].group }, s: s > 0 && recent.includes(id) ? s + 8 - recent.indexOf(id) : s }
  }).filter((x) => x.s > 0).sort((a, b) => b.s - a.s).map((x) => x.c)
}

export async function toggleNotify() {
  if (prefs.notify) prefs.notify = false
  else if (!(await askNotify())) toast(t('settings.notifyRefused'), 'bad')
}
export function toggleSound() {
  prefs.sound = !prefs.sound
  chime()
}

/** Gives the actions their meaning that do not depend on what is on screen. Call it in the shell. */
export function useGlobalActions() {
  const router = useRouter()
  const session = useSession()
  const may = (p: string) => !!session.session?.permissions?.includes(p)
  const go = (id: ActionId, path: string, can?: () => boolean) => useKey(id, () => { void router.push(path) }, () => known(router, path) && (!can || can()))
  go('goMine', '/inbox/mine'); go('goAll', '/inbox/all'); go('goClosed', '/inbox/closed')
  go('goQueue', '/queue'); go('goMentions', '/mentions'); go('goFollowups', '/followups'); go('goOnline', '/visitors'); go('goOffline', '/offline'); go('goInvitations', '/visitors/invitations'); go('goRatings', '/ratings')
  go('goCanned', '/canned'); go('goPictures', '/pictures'); go('goBlacklist', '/blacklist', () => may('visitor.block'))
  useKey('goAdmin', () => { void router.push('/admin') }, () => known(router, '/admin') && (may('account.administer') || may('audit.read') || may('content.manage')))
  for (const [id, state, why] of STATES) useKey(id, () => { session.setState(state, why).catch(toastError) })
  for (const x of THEMES) useKey(x, () => { prefs.theme = x })
  for (const l of LOCALES) useKey(l, () => { prefs.locale = l })
  useKey('sound', toggleSound)
  useKey('notify', () => { void toggleNotify() }, () => canNotify)
  useKey('singleKeys', () => { prefs.singleKeys = !prefs.singleKeys })
  useKey('logout', async () => {
    try {
      await settleAll()
      await session.logout()
      await router.push('/login')
    } catch (e) {
      toastError(e)
    }
  })
}
