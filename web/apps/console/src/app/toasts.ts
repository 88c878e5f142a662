import { reactive } from 'vue'
import { toError } from '@parlor/protocol/errors'
import { t, te } from '../i18n'

export type Tone = 'bad' | 'ok' | 'plain'
export interface Toast { id: number; tone: Tone; text: string; key?: string; action?: { text: string; run: () => void }; closed?: (() => void) | undefined; low?: boolean }
export interface ToastMore {
  /** A newer toast with the same key takes this one's place. */
  key?: string
  action?: { text: string; run: () => void }
  /** How long it stays, ms. Default 6,000. */
  ms?: number
  /** Called when the person dismisses it. */
  closed?: () => void
  /** At the foot of the list, out of the way of the work. */
  low?: boolean
}
export const toasts = reactive<Toast[]>([])
let next = 1

/** Shows a short message. At most four are visible. Returns its id. */
export function toast(text: string, tone: Tone = 'plain', more: ToastMore = {}): number {
  const { ms = 6_000, ...rest } = more
  if (rest.key) for (const old of toasts.filter((x) => x.key === rest.key)) dismiss(old.id)
  else if (toasts.at(-1)?.text === text) return toasts.at(-1)!.id
  const id = next++
  toasts.push({ id, tone, text, ...rest })
  if (toasts.length > 4) toasts.shift()
  setTimeout(() => dismiss(id), ms)
  return id
}
export function dismiss(id: number) {
  const at = toasts.findIndex((t) => t.id === id)
  if (at >= 0) toasts.splice(at, 1)
}
/** Takes the toast with a key away, if it is there. */
export function dismissKey(key: string) {
  const at = toasts.findIndex((t) => t.key === key)
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
