import { ref } from 'vue'

/** Whether the colleagues' chat is open, and with whom: an agent, a group, or nobody yet. */
export const chatOpen = ref(false)
export const peer = ref('')
