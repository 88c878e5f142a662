import { shallowRef } from 'vue'

/** A text that goes back into the composer, for instance of a message that was taken back. */
export const restored = shallowRef<{ conversation: string; text: string; note: boolean }>()
