/**
 * One client in a new process: how long its module takes to load, and its first call.
 *
 * `node cold.mjs CLIENT ROOT PATH` prints milliseconds as JSON. Imports nothing that a client could have paid for:
 * what it imports is the benchmark's own, and shared by the modules of several clients.
 */

import './clients/ours.mjs'
import './clients/support.mjs'

const started = performance.now()
const [, , client, baseUrl, path] = process.argv
const { setup } = await import(`./clients/${client}.mjs`)
const ready = await setup({ baseUrl, path, inFlight: 1 })
const loaded = performance.now()
const data = await ready.request()
const answered = performance.now()
if (data?.id !== '00000000-3f6c-4f5e-b1a7') throw new Error('not the small object')

const result = {
  load: loaded - started,
  first: answered - loaded,
  sum: answered - started,
  // Since the process began, Node's own start included.
  start: answered,
  rss: process.memoryUsage.rss(),
}
// Some keep their connections open for seconds, which is not asked here.
process.stdout.write(JSON.stringify(result), () => process.exit())
