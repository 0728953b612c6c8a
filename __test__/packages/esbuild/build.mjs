// `node build.mjs cjs|esm [external]` makes out/app.cjs or out/app.mjs.

import { build } from 'esbuild'

const [, , format, external] = process.argv

await build({
  entryPoints: ['app.mjs'],
  outfile: format === 'cjs' ? 'out/app.cjs' : 'out/app.mjs',
  bundle: true,
  platform: 'node',
  format,
  external: external ? ['smartrecruiters'] : [],
})
