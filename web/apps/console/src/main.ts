import { PiniaColada } from '@pinia/colada'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { listenKeys } from './app/keys'
import { followPrefs } from './app/prefs'
import { followLocale, i18n } from './i18n'
import { router } from './router'
import './main.css'

followPrefs()
listenKeys()
await followLocale()
createApp(App).use(createPinia()).use(PiniaColada, { queryOptions: { staleTime: 15_000 } }).use(i18n).use(router).mount('#app')
