import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const here = (p: string) => fileURLToPath(new URL(p, import.meta.url))
const backend = 'http://127.0.0.1:8090'

export default defineConfig({
  root: here('.'),
  base: '/console/',
  plugins: [vue(), tailwindcss()],
  define: {
    __VUE_OPTIONS_API__: false, __VUE_PROD_DEVTOOLS__: false,
    __VUE_I18N_FULL_INSTALL__: false, __VUE_I18N_LEGACY_API__: false, __INTLIFY_PROD_DEVTOOLS__: false,
  },
  server: { proxy: { '/api': backend, '/files': backend, '/socket.io': { target: backend, ws: true } } },
  build: {
    outDir: here('../../dist/console'), emptyOutDir: true, target: 'es2022', manifest: true,
    // The content policy allows no data: fonts, and every file keeps its own hashed name.
    assetsInlineLimit: 0,
    // Parts that pages share are small; together they compress better than one by one.
    rolldownOptions: { output: { advancedChunks: { groups: [
      { name: 'icons', test: /@lucide/, minShareCount: 2 },
      { name: 'parts', test: /apps\/console\/src\/(ui|app|realtime|i18n\/index)|packages\/(protocol|tokens)/, minShareCount: 3 },
    ] } } }, modulePreload: { polyfill: false }, reportCompressedSize: false,
  },
})
