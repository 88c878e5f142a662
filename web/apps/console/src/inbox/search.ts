import { ref } from 'vue'

/** Opens and closes the search dialog from anywhere. */
export const searchOpen = ref(false)
export const openSearch = () => { searchOpen.value = true }
