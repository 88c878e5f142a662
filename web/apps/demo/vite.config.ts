import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = (p: string) => fileURLToPath(new URL(p, import.meta.url))
const pages = ['index', 'product', 'cart', 'checkout', 'help', 'orders', 'crm']

export default defineConfig({
  root: here('.'),
  base: '/demo/',
  build: {
    outDir: here('../../dist/demo'), emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, reportCompressedSize: false,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: Object.fromEntries(pages.map((p) => [p, here(p + '.html')])) },
  },
})
