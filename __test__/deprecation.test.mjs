// Warnings of deprecated operations: one of each for the whole process, whichever thread calls it and however.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { readApi } from '../scripts/generate/read.mjs'
import { serve } from './support/servers.mjs'

const JSON_TYPE = { 'content-type': 'application/json' }
/** The operations of the first test. */
const WARNED = ['GET /users/{id}', 'GET /users/me', 'GET /users', 'GET /v1/configs']

test('the first call of the process to a deprecated operation warns once, and names what replaces it', async t => {
  const { sr, baseUrl } = await serve(t, (_, response) => response.writeHead(200, JSON_TYPE).end('{"content":[]}'))
  const warnings = []
  const listener = ({ name, code, message }) => {
    if (code === 'SMARTRECRUITERS_DEPRECATED') warnings.push({ name, message })
  }
  process.on('warning', listener)
  t.after(() => process.off('warning', listener))

  const worker = new Worker(
    `import { ApiKey, SmartRecruiters } from 'smartrecruiters'
     import { parentPort, workerData } from 'node:worker_threads'
     const sr = new SmartRecruiters({ credential: new ApiKey('key'), baseUrl: workerData, limits: false })
     await sr.get('/users/7')
     parentPort.postMessage('called')`,
    { eval: true, workerData: baseUrl, execArgv: ['--input-type=module'] },
  )
  await once(worker, 'message')
  await Promise.all([sr.get('/users/8'), sr.get('/users/{id}', { params: { id: 9 } })])
  for (let time = 0; time < 2; time++) {
    await sr.fetch('/users/me')
    await sr.paginate('/users').toArray()
    await sr.get('/user-api/v201804/users')
  }
  // Warnings keep their order, so all others have come before the one of this last call.
  const last = new Promise(resolve => {
    process.on('warning', function wait({ message }) {
      if (!message.includes('GET /v1/configs')) return
      process.off('warning', wait)
      resolve()
    })
  })
  await sr.get('/v1/configs')
  await last
  const deprecated = (name, successor) => ({
    name: 'DeprecationWarning',
    message: `SmartRecruiters calls ${name} deprecated; use ${successor} instead`,
  })
  assert.deepEqual(warnings.slice(0, 3), [
    deprecated('GET /users/{id}', 'GET /user-api/v201804/users/{id}'),
    deprecated('GET /users/me', 'GET /user-api/v201804/users/me'),
    deprecated('GET /users', 'GET /user-api/v201804/users'),
  ])
  assert.match(warnings[3].message, /GET \/v1\/configs deprecated$/)
  assert.equal(warnings.length, 4)
})

test('every deprecated operation warns by its name, and no other operation does', async t => {
  const { sr } = await serve(t, (_, response) => response.writeHead(200, JSON_TYPE).end('{}'))
  const { operations } = readApi()
  const deprecated = operations.filter(operation => operation.deprecated)
  // Those of the test above have warned.
  const rest = new Set(deprecated.map(({ name }) => name).filter(name => !WARNED.includes(name)))
  const done = new Promise((resolve, reject) => {
    process.on('warning', function listener({ code, message }) {
      if (code !== 'SMARTRECRUITERS_DEPRECATED') return
      const [, name] = /calls (.+) deprecated/.exec(message)
      if (!rest.delete(name)) reject(new Error(`a warning that must not be: ${message}`))
      if (rest.size > 0) return
      process.off('warning', listener)
      resolve()
    })
  })
  const call = ({ method, path }) => sr.request(method, path.replace(/\{\w+\}/g, '7'))
  await Promise.all(operations.filter(operation => !operation.deprecated).map(call))
  await Promise.all(deprecated.map(call))
  await done
  assert.ok(deprecated.length > 20)
})
