import { fileURLToPath } from 'node:url'
import { build, defineConfig, type Plugin } from 'vite'

const here = (p: string) => fileURLToPath(new URL(p, import.meta.url))
const out = here('../../dist/widget')

/** The loader and what it loads later are libraries of their own with fixed names, built after the panel. */
const loader: Plugin = {
  name: 'parlor-loader',
  async closeBundle() {
    for (const name of ['loader', 'live']) {
      await build({
        configFile: false, root: here('.'), logLevel: 'warn',
        build: {
          outDir: out, emptyOutDir: false, target: 'es2020', reportCompressedSize: false, minify: true,
          lib: { entry: here(`src/${name}.ts`), formats: ['iife'], name: 'parlor_' + name, fileName: () => name + '.js' },
        },
      })
    }
  },
}

// createElement is in the pages anyway; the other runtime would add a second one.
const jsx = { jsx: { runtime: 'classic' as const, pragma: 'h', pragmaFrag: 'Bare' }, jsxInject: "import { h, Fragment as Bare } from 'preact'" }

/** The page of the video counter is built by itself: nothing of it weighs on the panel. */
const counter: Plugin = {
  name: 'parlor-counter',
  async closeBundle() {
    await build({
      configFile: false, root: here('src/vec'), base: '/w/vec/', logLevel: 'warn', oxc: jsx, plugins: [plainImport],
      build: {
        outDir: out + '/vec', emptyOutDir: true, target: 'es2022', cssTarget: ['chrome111', 'firefox115', 'safari16.4'], manifest: true,
        assetsInlineLimit: 0, modulePreload: false, reportCompressedSize: false,
      },
    })
  },
}

/** The lazy chunks have no styles of their own to preload, so the helper around import() comes down to the call. */
const plainImport: Plugin = {
  name: 'parlor-plain-import',
  enforce: 'pre',
  load: { filter: { id: /vite\/preload-helper/ }, handler: () => 'export const __vitePreload = (load) => load()' },
}

export default defineConfig({
  root: here('src/panel'),
  base: '/w/panel/',
  oxc: jsx,
  plugins: [plainImport, loader, counter],
  build: {
    outDir: out + '/panel', emptyOutDir: true, target: 'es2022', cssTarget: ['chrome111', 'firefox115', 'safari16.4'], manifest: true,
    assetsInlineLimit: 0, modulePreload: false, reportCompressedSize: false,
    // The names stand in the panel and do not compress.
    rolldownOptions: { output: { chunkFileNames: 'assets/[name]-[hash:6].js' } },
  },
})
