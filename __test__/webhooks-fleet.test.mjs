// Webhooks in a fleet: each event is handled by one process, and by another if that one is killed.

import assert from 'node:assert/strict'
import { watch } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { ApiKey, SmartRecruiters } from 'smartrecruiters'
import { Webhooks } from 'smartrecruiters/web'
import { startSandbox } from 'smartrecruiters-sandbox'
import { startProcess, startProcesses } from './support/fleet.mjs'
import { listen } from './support/servers.mjs'
import { STORES, startPlace } from './support/stores.mjs'
import { SECRET } from './support/webhooks.mjs'

const vendor = new Webhooks({ secrets: SECRET })

function sendTo(port, id) {
  const { headers, body } = vendor.sign({ id, name: 'job.created', payload: { id } })
  return fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body })
}

/** A file to which processes write the ids of events; `all` resolves when it has so many lines. */
async function notes(folder) {
  const file = join(folder, 'handled.txt')
  await writeFile(file, '')
  const lines = async () => (await readFile(file, 'utf8')).trim().split('\n').filter(Boolean)
  return {
    file,
    lines,
    async all(count) {
      const changes = watch(file)
      try {
        for (;;) {
          const changed = new Promise(resolve => changes.once('change', resolve))
          const found = await lines()
          if (new Set(found).size >= count) return found
          await changed
        }
      } finally {
        changes.close()
      }
    },
  }
}

for (const kind of STORES) {
  test(`100 copies of an event over 4 processes are handled once: ${kind}`, async t => {
    const place = await startPlace(t, kind)
    const handled = await notes(place.folder)
    const options = { place: { kind, options: place.options }, secrets: SECRET, handled: handled.file }
    const fleet = await startProcesses(t, 4, 'webhook-receiver', options)
    const ports = await Promise.all(fleet.map(process => process.run('port')))
    await Promise.all(fleet.map(process => process.run('handle')))
    const answers = Array.from({ length: 100 }, (_, index) => sendTo(ports[index % 4], 'copy'))
    assert.deepEqual([...new Set((await Promise.all(answers)).map(({ status }) => status))], [202])
    // What came after it is handled, so whatever the copies would have run has run.
    await Promise.all(Array.from({ length: 20 }, (_, index) => sendTo(ports[index % 4], `after-${index}`)))
    await handled.all(21)
    const lines = await handled.lines()
    assert.deepEqual(lines.filter(id => id === 'copy').length, 1)
    assert.equal(lines.length, 21)
  })
}

// At night 50; see scripts/nightly.mjs.
const KILLS = Number(process.env.WEBHOOK_KILLS ?? 5)

test(`no event is lost when its process is killed right after the 202, ${KILLS} times`, async t => {
  const place = await startPlace(t, 'sqlite')
  const handled = await notes(place.folder)
  const options = { place: { kind: 'sqlite', options: place.options }, secrets: SECRET, handled: handled.file }
  for (let index = 0; index < KILLS; index++) {
    // Every other one has begun to handle events.
    const doomed = await startProcess(t, 'webhook-receiver', { ...options, dieAfter: true })
    const port = await doomed.run('port')
    if (index % 2 === 1) await doomed.run('handle')
    assert.equal((await sendTo(port, `event-${index}`)).status, 202)
    await doomed.ended
  }
  const survivor = await startProcess(t, 'webhook-receiver', options)
  await survivor.run('handle')
  const lines = await handled.all(KILLS)
  assert.deepEqual([...new Set(lines)].sort(), Array.from({ length: KILLS }, (_, index) => `event-${index}`).sort())
})

const SLOW = KILLS < 50 && 'a lease has to end, which takes a minute: `npm run nightly` runs it'

test('an event whose process is killed while it handles it is handled by another', { skip: SLOW }, async t => {
  const place = await startPlace(t, 'sqlite')
  const handled = await notes(place.folder)
  const options = { place: { kind: 'sqlite', options: place.options }, secrets: SECRET, handled: handled.file }
  const doomed = await startProcess(t, 'webhook-receiver', { ...options, hang: true })
  await doomed.run('handle')
  assert.equal((await sendTo(await doomed.run('port'), 'begun')).status, 202)
  await doomed.run('begun')
  doomed.kill()
  await doomed.ended
  const survivor = await startProcess(t, 'webhook-receiver', options)
  await survivor.run('handle')
  assert.deepEqual(await handled.all(1), ['begun'])
})

/** A server that passes each request on to the origin that `next` returns. */
async function forward(t, next) {
  const server = createServer(async (req, res) => {
    const headers = new Headers(Object.entries(req.headers).filter(([name]) => !/^(connection|host)$/.test(name)))
    const body = req.method === 'GET' ? null : Buffer.concat(await req.toArray())
    const answer = await fetch(next() + req.url, { method: req.method, headers, body })
    const text = await answer.text()
    res.writeHead(
      answer.status,
      [...answer.headers]
        .filter(([name]) => !/^(content-length|content-encoding|transfer-encoding)$/.test(name))
        .flat(),
    )
    res.end(text)
  })
  return `http://127.0.0.1:${await listen(t, server)}`
}

test('processes that subscribe at the same moment leave one subscription, and all of them receive', async t => {
  const sandbox = await startSandbox({ limits: false, jobs: 1, candidates: 1, data: { subscriptions: [] } })
  t.after(() => sandbox.close())
  const client = new SmartRecruiters({ credential: new ApiKey(sandbox.apiKey), baseUrl: sandbox.baseUrl })
  t.after(() => client.close())
  const place = await startPlace(t, 'sqlite')
  const handled = await notes(place.folder)
  /** Which process has called the API. */
  const callers = []
  const start = async index => {
    const baseUrl = await forward(t, () => {
      callers.push(index)
      return sandbox.baseUrl
    })
    const api = { key: sandbox.apiKey, baseUrl }
    const options = { place: { kind: 'sqlite', options: place.options }, handled: handled.file, api }
    return startProcess(t, 'webhook-receiver', options)
  }
  const fleet = await Promise.all([0, 1].map(start))
  const ports = await Promise.all(fleet.map(process => process.run('port')))
  // As a load balancer does it, by turns.
  let count = 0
  const url = `${await forward(t, () => `http://127.0.0.1:${ports[count++ % 2]}`)}/`
  await Promise.all(fleet.map(process => process.run('handle')))
  // Each time other events are asked for, so that the subscription is replaced.
  for (const [round, events] of [['job.created'], ['job.created', 'job.updated'], ['job.created']].entries()) {
    const [one, other] = await Promise.all(fleet.map(process => process.run('subscribe', { url, events })))
    assert.deepEqual(one, other)
    assert.deepEqual([one.failed, one.events], [undefined, events])
    // Both would find no subscription, or each would remove that of the other.
    const turns = callers.splice(0).filter((caller, index, all) => caller !== all[index - 1])
    assert.equal(turns.length, 2, String(turns))
    assert.deepEqual(await vendor.subscriptions({ client }), [one])
    for (const number of [0, 1, 2, 3]) {
      const id = `round-${round}-${number}`
      const deliveries = await sandbox.emit('job.created', { id }, { id })
      assert.deepEqual(
        deliveries.map(({ status }) => status),
        [202],
      )
    }
  }
  assert.equal((await handled.all(12)).length, 12)
})
