// Typed calls as an editor sees them: what it completes and what it shows.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
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
      assert.match(
        hover("sr.g|et('/jobs')"),
        /get<"\/jobs", "GET \/jobs">\(path: "\/jobs", .*\): ResponsePromise<Jobs>/,
      )
      assert.equal(hover("const jo|bs = await sr.get('/jobs')"), 'const jobs: Jobs')
      assert.equal(hover("const jo|b = await sr.get('/others')"), 'const job: unknown')
    })
  })
}
