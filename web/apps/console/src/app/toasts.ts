import { reactive } from 'vue'
import { toError } from '@parlor/protocol/errors'
import { t, te } from '../i18n'

export interface Toast { id: number; tone: 'bad' | 'ok' | 'plain'; text: string }
export const toasts = reactive<Toast[]>([])
let next = 1

/** Shows a short message for six seconds. At most four are visible. */
export function toast(text: string, tone: Toast['tone'] = 'plain') {
  if (toasts.at(-1)?.text === text) return
  const id = next++
  toasts.push({ id, tone, text })
  if (toasts.length > 4) toasts.shift()
  setTimeout(() => dismiss(id), 6_000)
}
export function dismiss(id: number) {
  const at = toasts.findIndex((t) => t.id === id)
  if (at >= 0) toasts.splice(at, 1)
}

/** The sentence for a machine reason; unknown reasons are told by their code or their own text. */
export function reasonText(reason: string, code = 'internal', fallback = ''): string {
  if (te(`reason.${reason}`)) return t(`reason.${reason}`)
  return te(`reason.${code}`) ? t(`reason.${code}`) : fallback || reason
}

/** Tells that a call failed. */
export function toastError(e: unknown) {
  const error = toError(e)
  toast(reasonText(error.reason, error.code, error.message), 'bad')
}
