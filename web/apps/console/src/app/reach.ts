import { ref } from 'vue'

/** True while the server could not be reached to learn who is logged in. */
export const unreachable = ref(false)
export const setOffline = (v: boolean) => { unreachable.value = v }
