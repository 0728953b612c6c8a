// What the types of the API cost a user: how much longer `tsc` takes with them than with a package that has none, and
// how long an editor waits for the paths that it completes. `npm run bench:types`

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { editor } from '../__test__/support/editor.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(join(root, 'package.json'))
const ROUNDS = Number(process.argv[2] ?? 9)
const VERSIONS = ['typescript-5.4', 'typescript-5.9', 'typescript', 'typescript-7']
const EMPTY = `export interface Operations {}
export type OperationName = never
export interface ApiObject { [field: string]: unknown }
`
const NO_PATHS = `export interface PathsOf { GET: never; POST: never; PUT: never; PATCH: never; DELETE: never }
export type ListPath = never
export interface NameOfShape {}
`
// Compiles with both: the answers are not used.
const PROGRAM = `import type { SmartRecruiters } from 'smartrecruiters'
declare const sr: SmartRecruiters
export const jobs = await sr.get('/jobs', { query: { limit: 10, sort: 'job_id' } })
export const job = await sr.get('/jobs/{id}', { params: { id: '1' } })
export const renamed = await sr.get('/candidates/{candidate}', { params: { candidate: '1' } })
export const status = await sr.put('/jobs/{id}/status', { params: { id: '1' }, json: { status: 'SOURCING' } })
for await (const candidate of sr.paginate('/candidates', { query: { q: 'nurse' } })) console.log(candidate)
`

function project(folder, empty) {
  const path = join(folder, empty ? 'without' : 'with')
  const target = join(path, 'node_modules/smartrecruiters')
  mkdirSync(target, { recursive: true })
  for (const name of ['dist', 'package.json', 'index.d.ts', 'index.mjs', 'index.d.mts']) {
    cpSync(join(root, name), join(target, name), { recursive: true })
  }
  if (empty) {
    writeFileSync(join(target, 'dist/api.d.ts'), EMPTY)
    writeFileSync(join(target, 'dist/paths.d.ts'), NO_PATHS)
  }
  mkdirSync(join(path, 'node_modules/@types'), { recursive: true })
  symlinkSync(dirname(require.resolve('@types/node/package.json')), join(path, 'node_modules/@types/node'), 'junction')
  writeFileSync(join(path, 'program.mts'), PROGRAM)
  return path
}

function seconds(version, path, skipLibCheck) {
  const manifest = require.resolve(`${version}/package.json`)
  const tsc = join(dirname(manifest), JSON.parse(readFileSync(manifest, 'utf8')).bin.tsc)
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node']
  const lib = ['--lib', 'es2023,esnext.disposable', '--skipLibCheck', String(skipLibCheck)]
  const start = performance.now()
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...flags, ...lib, 'program.mts'], { cwd: path })
  if (status !== 0) throw new Error(`${version} in ${path}: ${stdout}`)
  return performance.now() - start
}

const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

const folder = mkdtempSync(join(tmpdir(), 'smartrecruiters-types-'))
try {
  const [withTypes, without] = [project(folder, false), project(folder, true)]
  console.log(`tsc with the types of the API and without, median of ${ROUNDS} rounds`)
  for (const version of VERSIONS) {
    for (const skipLibCheck of [true, false]) {
      const times = { with: [], without: [] }
      for (let round = 0; round < ROUNDS; round++) {
        times.with.push(seconds(version, withTypes, skipLibCheck))
        times.without.push(seconds(version, without, skipLibCheck))
      }
      const [longer, base] = [median(times.with), median(times.without)]
      const name = `${require(`${version}/package.json`).version}, skipLibCheck ${skipLibCheck}`
      console.log(`${name.padEnd(26)} ${base.toFixed(0)} ms + ${(longer - base).toFixed(0)} ms`)
    }
  }
  for (const version of ['typescript-5.9', 'typescript']) {
    const { completions } = editor(require(version), withTypes)
    completions("sr.get('|')")
    const times = Array.from({ length: ROUNDS }, (_, round) => {
      const start = performance.now()
      // Another text each time, as when a user types.
      const found = completions(`sr.get('/jo${'b'.repeat(round)}|')`)
      if (found.length < 100) throw new Error('no paths were completed')
      return performance.now() - start
    })
    console.log(`paths completed by ${require(`${version}/package.json`).version} in ${median(times).toFixed(0)} ms`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
