/**
 * One client in one scenario, in a process of its own that lives as long as the scenario: each message is a round.
 *
 * `node runner.mjs --client ID --scenario NAME --url ROOT --amount NUMBER [--ca FILE]`, forked by `run.mjs`.
 */

import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { measure } from './measure.mjs'
import { SCENARIOS } from './scenarios.mjs'

const { values } = parseArgs({
  options: {
    client: { type: 'string' },
    scenario: { type: 'string' },
    url: { type: 'string' },
    amount: { type: 'string' },
    ca: { type: 'string' },
  },
})
const scenario = SCENARIOS.find(({ name }) => name === values.scenario)
const ca = values.ca && readFileSync(values.ca, 'utf8')
/** How long the body is, or how many items the list has. */
const amount = Number(values.amount)

process.on('message', async ({ warmUp, seconds }) => {
  try {
    process.send({ result: await round(warmUp, seconds) })
  } catch (error) {
    process.send(error.unsupported ? { unsupported: error.unsupported } : { error: describe(error) })
  }
})

async function round(warmUp, seconds) {
  const { path, inFlight, check, kind } = scenario
  const { setup } = await import(`./clients/${values.client}.mjs`)
  // Set up and closed for each round: no connection of one client ends in the middle of another's measurement.
  const client = await setup({ baseUrl: values.url, path, inFlight, ca })
  const ask = kind === 'load' ? client.request : client[kind]
  const send = async () => check(await ask(amount), amount)
  const result = await measure(send, { inFlight, warmUp, seconds })
  await client.close()
  return { ...result, amount: result.requests * amount }
}

function describe(error) {
  const causes = []
  for (let cause = error; cause !== undefined && causes.length < 5; cause = cause.cause) {
    causes.push(cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause))
  }
  return causes.join(', because of ')
}
