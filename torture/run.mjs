/**
 * `npm run torture`: kills, stops and interrupts real processes, stores and connections, and judges what becomes of
 * grants. It prints a table of figures for each scenario, and fails if any rule was broken.
 */

import { parseArgs } from 'node:util'
import { tortureAddon } from './addon.mjs'
import { randomOf } from './random.mjs'
import { NUMBERS, SCENARIOS, torture, WITHOUT_POLICY } from './scenarios.mjs'
import { table } from './table.mjs'

const STORES = ['sqlite', 'redis', 'postgres']
const POLICIES = ['reject', 'revokeFamily', 'grace']
/** Between two lines of progress, in milliseconds. */
const PACE = 5000

const HELP = `npm run torture -- [options]
  --stores ${STORES.join(',')}
  --policies ${POLICIES.join(',')}
  --scenarios ${Object.keys(SCENARIOS).join(',')}
  --seed 1
  --ahead            the judge's clock is a lease ahead: nobody waits 180 s for dead processes' leases
${Object.entries(NUMBERS)
  .map(([name, { value, what }]) => `  --${name} ${value}`.padEnd(21) + what)
  .join('\n')}
Lists are all by default, but for the scenario fleet, which is to be asked for.`

async function main() {
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help) return console.log(HELP)
  const list = (name, all) => {
    const chosen = values[name]?.split(',') ?? all
    const wrong = chosen.find(choice => !all.includes(choice) && !(choice in SCENARIOS && name === 'scenarios'))
    if (wrong !== undefined) throw new Error(`--${name}: ${wrong} is none of ${all.join(', ')}`)
    return chosen
  }
  const scenarios = list(
    'scenarios',
    Object.keys(SCENARIOS).filter(name => name !== 'fleet'),
  )
  const [stores, policies] = [list('stores', STORES), list('policies', POLICIES)]
  const seed = whole('seed', values.seed ?? '1')
  const numbers = Object.fromEntries(
    Object.entries(NUMBERS).map(([name, { value }]) => [name, whole(name, values[name] ?? value)]),
  )
  const tortured = values.ahead || ['points', 'partners'].some(name => scenarios.includes(name))
  const setup = tortured ? { addon: await tortureAddon(), ahead: values.ahead } : {}
  let failed = false
  for (const name of scenarios) {
    const rows = []
    for (const store of stores) {
      for (const policy of WITHOUT_POLICY.has(name) ? policies.slice(0, 1) : policies) {
        const start = performance.now()
        const progress = progressOf(`${name} ${store} ${policy}`)
        const options = { store, policy, random: randomOf(seed), torture: setup, numbers, progress }
        const { broken, figures } = await torture(name, options)
        for (const line of broken.slice(0, 20)) console.log(`BROKEN ${name} ${store} ${policy}: ${line}`)
        failed ||= broken.length > 0
        const seconds = ((performance.now() - start) / 1000).toFixed(0)
        rows.push({ store, policy, ...figures, broken: broken.length, seconds })
        console.log(`\n${table(rows.slice(-1))}\n`)
      }
    }
    console.log(`\n${name}\n${table(rows)}\n`)
  }
  process.exitCode = failed ? 1 : 0
}

const OPTIONS = {
  stores: { type: 'string' },
  policies: { type: 'string' },
  scenarios: { type: 'string' },
  seed: { type: 'string' },
  ahead: { type: 'boolean', default: false },
  help: { type: 'boolean' },
  ...Object.fromEntries(Object.keys(NUMBERS).map(name => [name, { type: 'string' }])),
}

function whole(name, text) {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${name} must be a whole number above 0`)
  return number
}

/** Says how far it is, but not more often than anybody reads. */
function progressOf(name) {
  let last = Number.NEGATIVE_INFINITY
  return text => {
    if (performance.now() - last < PACE) return
    last = performance.now()
    console.log(`${new Date().toISOString().slice(11, 19)} ${name}: ${text}`)
  }
}

await main().catch(error => {
  console.error(error.message)
  process.exitCode = 2
})
