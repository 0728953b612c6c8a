// Thousands of customers in one process, and what they take of its memory. Run with --expose-gc.

import { MemoryStore, PartnerApp, SmartRecruiters } from 'smartrecruiters'

const ROUNDS = 5
const { app, customers, control } = JSON.parse(process.argv[2])
const companyIds = Array.from({ length: customers }, (_, number) => `company-${number}`)
const partner = new PartnerApp({ ...app, limits: false, store: new MemoryStore() })
const counters = async () => (await fetch(`${control}/counters`)).json()
const reset = () => fetch(`${control}/reset`, { method: 'POST' })

/** Resident memory, when what nobody refers to has gone. */
async function resident() {
  for (let round = 0; round < 5; round++) {
    globalThis.gc()
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return process.memoryUsage().rss
}

await partner.connect(companyIds[0])
const base = new SmartRecruiters({ credential: partner.customer(companyIds[0]), limits: false })
await base.get('/payload/20')
await reset()
await Promise.all(companyIds.map(companyId => partner.connect(companyId)))
const connecting = await counters()
await reset()

const start = await resident()
const began = performance.now()
const processor = process.cpuUsage()
let clients = companyIds.map(companyId => base.withCredential(partner.customer(companyId)))
const tokens = await Promise.all(
  clients.map(async sr => {
    await sr.get('/payload/20')
    return (await sr.token()).accessToken
  }),
)
const { user, system } = process.cpuUsage(processor)
const took = { wall: performance.now() - began, cpu: (user + system) / 1000 }
const calling = await counters()
const used = await resident()

clients = undefined
const left = await resident()
await reset()
// Again and again, with sources that are new and tokens that are not.
for (let round = 0; round < ROUNDS; round++) {
  await Promise.all(companyIds.map(companyId => base.withCredential(partner.customer(companyId)).get('/payload/20')))
}
const again = await counters()
const after = await resident()
let listed = 0
for await (const { state } of partner.customers()) if (state === 'connected') listed += 1

console.log(
  JSON.stringify({ connecting, calling, again, tokens: new Set(tokens).size, listed, took, start, used, left, after }),
)
