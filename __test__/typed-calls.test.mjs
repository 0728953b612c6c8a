// Typed calls as an editor sees them: what it completes and what it shows.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readApi } from '../scripts/generate/read.mjs'
import { editor } from './support/editor.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)
const { operations, schemas } = readApi()

const paths = method => operations.filter(one => one.method === method).map(({ path }) => path)

for (const version of ['typescript-5.4', 'typescript-5.9', 'typescript']) {
  describe(`an editor with ${version}`, () => {
    const { completions, hover } = editor(require(version), root)

    for (const [method, call] of [
      ['GET', "sr.get('/jo|')"],
      ['POST', "sr.post('|')"],
      ['PUT', "sr.put('|')"],
      ['PATCH', "sr.patch('|')"],
      ['DELETE', "sr.delete('|')"],
      ['GET', "sr.head('|')"],
    ]) {
      test(`completes exactly the paths of ${method} in ${call}`, () => {
        assert.deepEqual(completions(call), paths(method).sort())
      })
    }

    test('completes the methods of request, and the paths of all of them', () => {
      const all = new Set(operations.map(({ path }) => path))
      assert.deepEqual(completions("sr.request('|')"), ['DELETE', 'GET', 'PATCH', 'POST', 'PUT'])
      assert.deepEqual(completions("sr.request('PUT', '|')"), [...all].sort())
    })

    test('completes exactly the lists in paginate', () => {
      const lists = operations.filter(({ pages }) => pages !== undefined).map(({ path }) => path)
      assert.deepEqual(completions("sr.paginate('|')"), lists.sort())
    })

    test('completes exactly the names of a query, of placeholders, and of a body', () => {
      const query = operations.find(({ name }) => name === 'GET /jobs').query.map(({ name }) => name)
      assert.deepEqual(completions("sr.get('/jobs', { query: { | } })"), query.sort())
      assert.deepEqual(completions("sr.paginate('/jobs', { query: { | } })"), query.sort())
      assert.deepEqual(completions("sr.get('/candidates/{id}/jobs/{jobId}', { params: { | } })"), ['id', 'jobId'])
      const body = [...schemas.get('JobInput').fields.keys()]
      assert.deepEqual(completions("sr.post('/jobs', { json: { | } })"), body.sort())
    })

    test('completes the known values of a text', () => {
      assert.deepEqual(completions("sr.get('/jobs', { query: { sort: '|' } })"), ['default', 'job_id'])
    })

    test('shows the operation, and what the call resolves with', () => {
      assert.match(hover("sr.g|et('/jobs')"), /get<"\/jobs", "GET">\(path: "\/jobs", .*\): ResponsePromise<Jobs>/)
      assert.equal(hover("const jo|bs = await sr.get('/jobs')"), 'const jobs: Jobs')
      assert.equal(hover("const jo|b = await sr.get('/others')"), 'const job: unknown')
    })
  })
}

describe('the compiler', () => {
  let folder
  before(async () => {
    // In the checkout, so that the compiler finds the package.
    folder = await mkdtemp(join(root, '__test__', 'types-'))
    const calls = operations
      .filter(({ method, query, parameters }) => {
        return method === 'GET' && parameters.length === 0 && !query.some(({ required }) => required)
      })
      .slice(0, 20)
      .map(({ path }) => `await sr.get('${path}')\n`)
    const code = `import type { SmartRecruiters } from 'smartrecruiters'\ndeclare const sr: SmartRecruiters\n`
    await writeFile(join(folder, 'none.mts'), `${code}export { sr }\n`)
    await writeFile(join(folder, 'twenty.mts'), `${code}${calls.join('')}`)
    await writeFile(join(folder, 'other-name.mts'), `${code}await sr.get('/jobs/{x}', { params: { x: '1' } })\n`)
  })
  after(() => rm(folder, { recursive: true, force: true }))

  // Recorded, with a margin of a third. They are the same on each machine; times are in `npm run bench:types`.
  for (const [file, most] of [
    ['twenty.mts', 6000],
    ['other-name.mts', 1300],
  ]) {
    test(`instantiates a bounded number of types for ${file}`, async () => {
      const [none, some] = await Promise.all(['none.mts', file].map(name => instantiations(join(folder, name))))
      assert.ok(some > none, 'nothing was counted')
      assert.ok(some - none <= most, `${some - none} instantiations`)
    })
  }
})

async function instantiations(file) {
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(root, 'node_modules/typescript/bin/tsc'),
    ...['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022', '--ignoreConfig'],
    ...['--lib', 'es2023,esnext.disposable', '--types', 'node', '--extendedDiagnostics', file],
  ])
  return Number(/^Instantiations: +(\d+)/m.exec(stdout)[1])
}
