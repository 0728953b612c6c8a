// Thousands of a partner's customers in one process: their connections, tokens and memory.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startSandbox } from 'smartrecruiters-sandbox'

const INTEGRATIONS = 'POST /apps-integrations/partner-api/integrations'
const CUSTOMERS = Number(process.env.CUSTOMERS ?? 2_000)
const MOST_CONNECTIONS = 64
/** Connections of calls with the master credential, and of the program's own questions to the sandbox. */
const OTHERS = 8 + 2

test(`${CUSTOMERS} customers in one process share connections, and each has its own token`, async t => {
  const sandbox = await startSandbox({ limits: false, jobs: 20, candidates: 20 })
  t.after(() => sandbox.close())
  const { clientId, clientSecret } = sandbox.partner
  const { baseUrl } = sandbox
  const options = {
    app: { clientId, clientSecret, baseUrl },
    customers: CUSTOMERS,
    control: `${baseUrl}/_sandbox`,
  }
  const program = fileURLToPath(new URL('./processes/partner-memory.mjs', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program, JSON.stringify(options)], {
    timeout: 300_000,
    maxBuffer: 16 * 1024 * 1024,
  })
  const { connecting, calling, again, tokens, listed, took, start, used, left, after } = JSON.parse(stdout)

  // The first was connected before, and made its call.
  assert.deepEqual(connecting.statusesByEndpoint[INTEGRATIONS], { 201: CUSTOMERS - 1 })
  assert.equal(listed, CUSTOMERS)
  assert.equal(tokens, CUSTOMERS)
  assert.equal(calling.requests['GET /payload/{bytes}'], CUSTOMERS)
  assert.deepEqual(
    Object.entries(calling.tokensIssued.accessByCredential).filter(
      ([label, issued]) => issued !== 1 || label === 'partner',
    ),
    [],
  )
  assert.equal(calling.exchanges.client_credentials.attempts, CUSTOMERS - 1)
  assert.equal(again.exchanges.client_credentials.attempts, 0, 'tokens outlive the clients that were made for them')
  // What works once has a connection of its own, which is closed then.
  assert.ok(
    connecting.connections.opened <= CUSTOMERS + OTHERS,
    `${connecting.connections.opened} connections to connect`,
  )
  // Each exchange of tokens is on a connection of its own.
  const opened = calling.connections.opened - calling.exchanges.client_credentials.attempts
  assert.ok(opened <= MOST_CONNECTIONS, `${opened} connections for calls`)
  assert.ok(again.connections.open <= MOST_CONNECTIONS + OTHERS, `${again.connections.open} connections are open`)
  const KiB = bytes => ((bytes - start) / 1024 / CUSTOMERS).toFixed(1)
  // With fewer customers, what the process itself takes weighs too much.
  if (CUSTOMERS >= 10_000) assert.ok(Number(KiB(used)) <= 12, `${KiB(used)} KiB for each customer`)
  t.diagnostic(
    `resident memory above the start: ${KiB(used)} KiB a customer in use, ${KiB(left)} KiB when their clients have gone, ` +
      `${KiB(after)} KiB after five more clients for each; ` +
      `the first calls took ${took.wall.toFixed(0)} ms, and ${took.cpu.toFixed(0)} ms of processor time`,
  )
})
