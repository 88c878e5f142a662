import { toast } from '../app/toasts'
import { t } from '../i18n'

/** Puts a text into the clipboard, and says so. */
export async function copy(text: string) {
  await navigator.clipboard.writeText(text)
  toast(t('admin.copied'), 'ok')
}
