// `node build.mjs cjs|esm [external]` makes out/app.cjs or out/app.mjs.

import { promisify } from 'node:util'
import { rspack } from '@rspack/core'

const [, , format, external] = process.argv

const stats = await promisify(rspack)({
  mode: 'production',
  target: 'node20',
  entry: './app.mjs',
  experiments: { outputModule: format === 'esm' },
  output: {
    path: `${import.meta.dirname}/out`,
    filename: format === 'cjs' ? 'app.cjs' : 'app.mjs',
    module: format === 'esm',
  },
  externalsType: 'node-commonjs',
  externals: external ? [/^smartrecruiters/] : [],
})
process.stderr.write(stats.toString({ all: false, errors: true, warnings: true }).trim())
