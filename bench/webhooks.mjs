// Verifies webhooks beside stripe-node, in one process and in turns: `npm run webhooks -w bench`. Both get the text of a
// body of the same length, compute one HMAC-SHA256, and return the parsed event.

import { performance } from 'node:perf_hooks'
import Stripe from 'stripe'
import { Webhooks } from '../web.mjs'

const ROUNDS = 15
const CALLS = 20_000
const SECRET = 'whsec_0123456789abcdef0123456789abcdef'

const payload = { job_id: 'a'.repeat(36), candidate_id: 'b'.repeat(36), application_id: 'c'.repeat(36) }
const body = Buffer.from(JSON.stringify(payload))

const webhooks = new Webhooks({ secrets: SECRET })
const link = 'https://api.smartrecruiters.com/candidates/bbb/jobs/aaa'
const { headers } = webhooks.sign({ name: 'application.created', payload: body.toString(), link })
const stripe = new Stripe('sk_test_none')
const signature = stripe.webhooks.generateTestHeaderString({ payload: body.toString(), secret: SECRET })

const candidates = {
  smartrecruiters: () => webhooks.verify(headers, body).payload,
  'stripe-node': () => stripe.webhooks.constructEvent(body, signature, SECRET),
}
const durations = Object.fromEntries(Object.keys(candidates).map(name => [name, []]))
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, verify] of Object.entries(candidates)) {
    const start = performance.now()
    for (let call = 0; call < CALLS; call++) {
      if (verify().job_id !== payload.job_id) throw new Error(`${name} returned another payload`)
    }
    durations[name].push(((performance.now() - start) * 1000) / CALLS)
  }
}
const median = values => values.sort((a, b) => a - b)[values.length >> 1]
const medians = Object.fromEntries(Object.entries(durations).map(([name, values]) => [name, median(values)]))
for (const [name, microseconds] of Object.entries(medians)) {
  console.log(`${name}: ${microseconds.toFixed(2)} µs, ${Math.round(1e6 / microseconds)} a second`)
}
const ratio = medians['stripe-node'] / medians.smartrecruiters
console.log(`smartrecruiters is ${ratio.toFixed(2)} times as fast as stripe-node`)
if (ratio < 1) process.exitCode = 1
