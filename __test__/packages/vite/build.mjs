// `node build.mjs cjs|esm [external]` makes out/app.cjs or out/app.mjs.

import { build } from 'vite'

const [, , format, external] = process.argv

await build({
  logLevel: 'warn',
  build: {
    ssr: 'app.mjs',
    outDir: 'out',
    emptyOutDir: false,
    rollupOptions: { output: { format, entryFileNames: format === 'cjs' ? 'app.cjs' : 'app.mjs' } },
  },
  // Without this, vite leaves dependencies out of what it builds for a server.
  ssr: { noExternal: external ? [] : true },
})
