import { onBeforeUnmount, ref, watch, type Ref } from 'vue'
import { onBeforeRouteLeave } from 'vue-router'
import { toError } from '@parlor/protocol/errors'
import { toast, toastError } from '../app/toasts'
import { t, te } from '../i18n'

/** Runs a change, tells how it went, and says whether it worked. */
export function useSaving() {
  const busy = ref(false)
  async function save(change: () => Promise<unknown>, done = t('admin.saved')): Promise<boolean> {
    busy.value = true
    try {
      await change()
      if (done) toast(done, 'ok')
      return true
    } catch (e) {
      const error = toError(e)
      // What is wrong with a field is said by the server alone; it names the field, the value and what is allowed.
      if (error.field && !te('reason.' + error.reason)) toast(t('admin.refused', { field: error.field, why: error.message }), 'bad')
      else toastError(e)
      return false
    } finally {
      busy.value = false
    }
  }
  return { busy, save }
}

/** Watches a document that is edited: whether it differs from what was saved, and asks before it is lost. */
export function useDirty(model: Ref<unknown>) {
  const dirty = ref(false)
  let saved = JSON.stringify(model.value)
  watch(model, (v) => { dirty.value = JSON.stringify(v) !== saved }, { deep: true })
  const clean = () => { saved = JSON.stringify(model.value); dirty.value = false }
  const ask = () => !dirty.value || confirm(t('admin.leave'))
  const stay = (e: BeforeUnloadEvent) => { if (dirty.value) e.preventDefault() }
  addEventListener('beforeunload', stay)
  onBeforeUnmount(() => removeEventListener('beforeunload', stay))
  onBeforeRouteLeave(ask)
  return { dirty, clean }
}
