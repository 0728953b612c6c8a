// Processes that are forked while an exchange is in flight, by child_process and by cluster.

import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import cluster from 'node:cluster'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { OAuthApp, SmartRecruiters } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { refreshTokenOf } from '../../__test__/support/grants.mjs'
import { ENCRYPTION_KEY, openStore, startPlace } from '../../__test__/support/stores.mjs'

const TOKEN = { path: '/identity/oauth/token' }
const PROCESSES = 4

const program = fileURLToPath(new URL('../../__test__/processes/grant-user.mjs', import.meta.url))
const ways = {
  'child_process.fork()': argument => fork(program, [argument]),
  'cluster.fork()': argument => {
    cluster.setupPrimary({ exec: program, args: [argument] })
    return cluster.fork().process
  },
}

for (const [name, start] of Object.entries(ways)) {
  test(`${name} during an exchange`, async t => {
    const sandbox = await startSandbox({ limits: false, jobs: 10, candidates: 0 })
    t.after(() => sandbox.close())
    const place = await startPlace(t, 'sqlite')
    const { clientId, clientSecret, redirectUris } = sandbox.app
    const options = { clientId, clientSecret, redirectUri: redirectUris[0], baseUrl: sandbox.baseUrl }
    const app = new OAuthApp({ ...options, store: openStore(place), encryptionKey: ENCRYPTION_KEY })
    await app.import({ id: 'customer', refreshToken: await refreshTokenOf(sandbox, app) })
    const sr = new SmartRecruiters({ credential: app.grant('customer'), limits: false })

    const hold = sandbox.fault({ kind: 'hold', when: 'after', ...TOKEN })
    const arrived = sandbox.nextRequest(({ path }) => path === TOKEN.path)
    const called = sr.get('/payload/20')
    await arrived
    const children = Array.from({ length: PROCESSES }, () => start(JSON.stringify({ place, app: options })))
    t.after(async () => {
      for (const child of children) {
        if (child.exitCode === null && child.kill()) await once(child, 'exit')
      }
    })
    await Promise.all(children.map(child => once(child, 'message')))
    const answers = children.map(async child => {
      child.send({ action: 'call' })
      return (await once(child, 'message'))[0]
    })
    hold.clear()
    await called
    assert.deepEqual(await Promise.all(answers), Array(PROCESSES).fill('answered'))
    assert.deepEqual(sandbox.counters().exchanges.refresh_token, { attempts: 1, successes: 1 })
    t.diagnostic(`figure: ${PROCESSES + 1} processes, 1 exchange, ${PROCESSES + 1} answers`)
  })
}
