/**
 * One client at one server, in a process of its own: each message is a round, which does a whole job.
 *
 * `node runner.mjs --client ID --url ROOT`, forked by `run.mjs`.
 */

import { parseArgs } from 'node:util'
import { mainThread } from '../measure.mjs'

const { values } = parseArgs({ options: { client: { type: 'string' }, url: { type: 'string' } } })

process.on('message', async message => {
  try {
    process.send({ result: await round(message) })
  } catch (error) {
    process.send({ error: `${error.name}: ${error.message}` })
  }
})

async function round({ apiKey = 'none', calls }) {
  const { setup } = await import(`./clients/${values.client}.mjs`)
  const client = await setup({ baseUrl: values.url, apiKey })
  const main = mainThread.read()
  const start = performance.now()
  const outcomes = await Promise.allSettled(calls.map(call => ask(client, call)))
  const elapsed = performance.now() - start
  const cpu = mainThread.read() - main
  await client.close()

  const errors = outcomes.flatMap(({ reason }) => (reason === undefined ? [] : [reason]))
  const unexpected = errors.find(error => statusOf(error) !== 429)
  if (unexpected) throw unexpected
  const items = outcomes.length - errors.length
  return { items, failed: errors.length, elapsed, main: cpu, mainSource: mainThread.name }
}

async function ask(client, { endpoint, path, expected }) {
  const { rows, ...fields } = expected
  const answer = await client.get(path, endpoint)
  const right = Object.entries(fields).every(([name, value]) => answer[name] === value)
  if (!right || answer.content?.length !== rows) throw new Error(`a wrong answer to ${path}`)
}

/** Where each client's errors tell the status. */
function statusOf(error) {
  return error.status ?? error.statusCode ?? error.response?.status ?? error.response?.statusCode
}
