import { ref, shallowRef } from 'vue'
import type { Message, Schema } from '@parlor/protocol/types'
import { prefs } from '../app/prefs'
import { rest } from '../realtime/client'

/** The tab of the visitor's card. */
export const CARD = 'card'
/** The company's windows, and the buttons that open them; nothing until they have been read. */
export const known = shallowRef<Schema['WindowTabs']>()
/** The tab that the agent chose last; '' is the default. */
export const chosen = ref('')
/** A message that is to be posted to a window. */
export const asked = shallowRef<{ message: Message; window: string }>()

let reading: Promise<void> | undefined
/** Reads the windows once; they change with the next load of the page. */
export function readWindows() {
  reading ??= rest.GET('/api/parlor/v1/windows').then(({ data }) => { known.value = data }, () => { reading = undefined })
}
/** The button below a message: its window and what it says in the language of the console, '' for the usual word. */
export function buttonOf(m: Message): { window: string; label: string } | undefined {
  const flag = m.recalled ? undefined : m.extra?.flag
  const b = flag && known.value?.buttons.find((x) => x.flag === flag)
  return b ? { window: b.window, label: b.label?.[prefs.locale] || b.label?.[''] || '' } : undefined
}
/** Shows a message in its window. */
export function interact(message: Message) {
  const b = buttonOf(message)
  if (!b) return
  chosen.value = b.window
  asked.value = { message, window: b.window }
}
