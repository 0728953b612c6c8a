// Both module systems in one process, as when an app imports and one of its dependencies requires.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import * as imported from 'smartrecruiters'
import * as importedWeb from 'smartrecruiters/web'
import { serve } from '../server.cjs'

const required = createRequire(import.meta.url)('smartrecruiters')

// Classes are equal only if they are the same.
assert.deepEqual({ ...imported }, { ...required })

for (const { loginHandler } of [importedWeb, createRequire(import.meta.url)('smartrecruiters/web')]) {
  assert.throws(() => loginHandler({}, {}), imported.ConfigurationError)
}

const server = await serve()
const sr = new imported.SmartRecruiters({ credential: new required.ApiKey('both'), baseUrl: server.baseUrl })
assert.deepEqual(await sr.get('/jobs'), { key: 'both' })
await assert.rejects(sr.get('/missing'), required.NotFoundError)
server.close()
console.log('done')
