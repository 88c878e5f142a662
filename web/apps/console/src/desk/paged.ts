import { onBeforeUnmount, ref, shallowRef, type ShallowRef } from 'vue'
import { toastError } from '../app/toasts'

/** A list that is read page by page. `load` gets the cursor of the page before. */
export function usePaged<T>(load: (after: string | undefined) => Promise<{ items?: T[] | null; next?: string | undefined } | undefined>) {
  const items: ShallowRef<T[]> = shallowRef([])
  const state = ref<'pending' | 'error' | 'success'>('pending')
  const next = ref<string>()
  const busy = ref(false)
  let serial = 0
  onBeforeUnmount(() => { serial = -1 })
  /** Reads the first page again, or the next one. What comes late for a question that has changed is dropped. */
  async function read(more = false) {
    if (more && (busy.value || !next.value)) return
    const mine = ++serial
    busy.value = true
    try {
      const got = await load(more ? next.value : undefined)
      if (mine !== serial) return
      items.value = more ? [...items.value, ...(got?.items ?? [])] : (got?.items ?? [])
      next.value = got?.next
      state.value = 'success'
    } catch (e) {
      if (mine !== serial) return
      if (items.value.length) toastError(e)
      else state.value = 'error'
    } finally {
      if (mine === serial) busy.value = false
    }
  }
  return { items, state, next, busy, read }
}
