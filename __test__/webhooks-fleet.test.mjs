// Webhooks in a fleet: each event is handled by one process, and by another if that one is killed.

import assert from 'node:assert/strict'
import { watch } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Webhooks } from 'smartrecruiters/web'
import { startProcess, startProcesses } from './support/fleet.mjs'
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
