import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, describe, it } from 'node:test'
import { startSandbox } from '../index.mjs'
import { misfits, operations } from './table.mjs'
import { ordered, prepare } from './walk.mjs'

/** The number of operations that the sandbox imitates; the others answer with 501. */
const IMITATED = 208
/** The number of scopes that the imitated operations need, each scope of each operation. */
const SCOPES = 214

let sandbox
let request
const answers = new Map()

before(async () => {
  sandbox = await startSandbox({ jobs: 20, candidates: 20, limits: false })
  request = await prepare(sandbox)
  for (const operation of ordered) {
    const answer = await request(operation)
    const bytes = Buffer.from(await answer.arrayBuffer())
    answers.set(operation.name, { operation, status: answer.status, headers: answer.headers, bytes })
  }
})
after(() => sandbox.close())

const imitated = () => [...answers.values()].filter(({ status }) => status !== 501)

describe('every operation of the table', () => {
  it('is imitated, or answered with a 501 that names it', () => {
    assert.equal(answers.size, operations.length)
    assert.equal(operations.length, 312)
    assert.equal(imitated().length, IMITATED)
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    assert.ok(readme.includes(`all 312 operations of SmartRecruiters, and imitates ${IMITATED} of them`))
    assert.ok(readme.includes(`The other ${312 - IMITATED} operations are answered with 501`))
    for (const [name, { status, bytes }] of answers) {
      if (status !== 501) continue
      const { message, errors } = JSON.parse(bytes)
      assert.ok(message.startsWith(`The sandbox does not imitate ${name};`), message)
      assert.equal(errors[0].code, 'NOT_IMITATED')
    }
  })

  it('succeeds with the status of the table', () => {
    for (const { operation, status, bytes } of imitated()) {
      // Downloads redirect to the storage, which the vendor does not document.
      const expected = status === 302 ? [302] : (operation.statuses ?? [201])
      assert.ok(expected.includes(status), `${operation.name}: ${status} ${bytes}`)
      if (status === 302) assert.deepEqual(operation.response, { file: 'binary' })
    }
  })

  it('answers with what its type says, and no other field', () => {
    let checked = 0
    for (const { operation, status, headers, bytes } of imitated()) {
      const { name, response } = operation
      if (response.type) {
        assert.match(headers.get('content-type'), /^application\/json/, name)
        assert.deepEqual(misfits(response.type, JSON.parse(bytes)), [], `${name}: ${bytes}`)
        checked += 1
      } else if (response.file) {
        if (status !== 302) assert.ok(bytes.length > 0 && !/json/.test(headers.get('content-type')), name)
      } else if (!response.unknown) {
        assert.equal(bytes.length, 0, name)
      }
    }
    assert.ok(checked > IMITATED / 2, `${checked} answers were checked`)
  })
})

describe('an operation that the table does not have', () => {
  it('cannot be imitated', () => {
    const { Imitation } = createRequire(import.meta.url)('../dist/api/imitation.js')
    const { on } = new Imitation()
    assert.throws(() => on('GET /nowhere', () => {}), /GET \/nowhere is not an operation of api\/operations\.tsv/)
    on('GET /jobs', () => {})
    assert.throws(() => on('GET /jobs', () => {}), /GET \/jobs is imitated twice/)
  })
})

describe('every scope of an imitated operation', () => {
  it('is needed, and named when it is missing', async () => {
    const token = async scopes => {
      const { clientId, clientSecret } = sandbox.addClient({ scopes })
      const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret }
      const answer = await fetch(sandbox.tokenUrl, { method: 'POST', body: new URLSearchParams(form) })
      return { authorization: `Bearer ${(await answer.json()).access_token}` }
    }
    let checked = 0
    for (const { operation } of imitated()) {
      const { name, scopes = [], credential } = operation
      if (scopes.length === 0 || credential === 'partner') continue
      for (const alternatives of scopes) {
        const rest = scopes.filter(other => other !== alternatives).flat()
        const refused = await request(operation, await token([...rest, 'unknown']))
        const body = await refused.json()
        assert.equal(refused.status, 403, name)
        assert.equal(body.errors[0].code, 'PERMISSION_DENIED')
        for (const scope of alternatives) {
          assert.ok(body.message.split(' ').includes(scope), `${name}: ${body.message}`)
          const accepted = await request(operation, await token([...rest, scope]))
          assert.notEqual(accepted.status, 403, `${name} with ${scope}`)
          assert.notEqual(accepted.status, 401, `${name} with ${scope}`)
          await accepted.arrayBuffer()
          checked += 1
        }
      }
    }
    assert.equal(checked, SCOPES)
  })

  it('may be inferred, and is not needed then', async () => {
    const { apiKey } = sandbox.addApiKey({ scopes: ['unknown'] })
    const inferred = imitated().filter(({ operation }) => operation.inferredScopes.length > 0)
    assert.ok(inferred.length > 0)
    for (const { operation } of inferred) {
      const answer = await request(operation, { 'x-smarttoken': apiKey })
      assert.notEqual(answer.status, 403, operation.name)
    }
  })
})
