// `bun build.mjs cjs|esm [external]` makes out/app.cjs or out/app.mjs.

const [, , format, external] = process.argv

const { logs } = await Bun.build({
  entrypoints: ['app.mjs'],
  outdir: 'out',
  naming: format === 'cjs' ? 'app.cjs' : 'app.mjs',
  target: 'node',
  format,
  external: external ? ['smartrecruiters'] : [],
})
for (const log of logs) console.error(log)
