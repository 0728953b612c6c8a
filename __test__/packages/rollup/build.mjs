// `node build.mjs cjs|esm [external]` makes out/app.cjs or out/app.mjs.

import commonjs from '@rollup/plugin-commonjs'
import nodeResolve from '@rollup/plugin-node-resolve'
import { rollup } from 'rollup'

const [, , format, external] = process.argv

const bundle = await rollup({
  input: 'app.mjs',
  plugins: [nodeResolve({ preferBuiltins: true }), commonjs()],
  external: external ? [/^smartrecruiters/] : [],
})
await bundle.write({ file: format === 'cjs' ? 'out/app.cjs' : 'out/app.mjs', format })
