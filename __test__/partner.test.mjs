// A partner's app and its customers, whose credentials are issued once.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AlreadyIntegratedError,
  ConfigurationError,
  ConflictError,
  Customer,
  MemoryStore,
  PartnerApp,
  PermissionError,
  SmartRecruiters,
  StoreError,
} from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { startProcess, startProcesses } from './support/fleet.mjs'
import { ENCRYPTION_KEY, openStore, STORES, startPlace } from './support/stores.mjs'

const INTEGRATIONS = 'POST /apps-integrations/partner-api/integrations'
const PROCESSES = 8
const COMPANIES = 20

async function start(t, kind = 'memory') {
  const sandbox = await startSandbox({ limits: false, jobs: 20, candidates: 20 })
  t.after(() => sandbox.close())
  const place = kind === 'memory' ? undefined : await startPlace(t, kind)
  const { clientId, clientSecret } = sandbox.partner
  const app = { clientId, clientSecret, baseUrl: sandbox.baseUrl }
  const newPartner = () =>
    new PartnerApp(
      place ? { ...app, store: openStore(place), encryptionKey: ENCRYPTION_KEY } : { ...app, store: new MemoryStore() },
    )
  return { sandbox, place, app, newPartner, partner: newPartner() }
}

async function listed(partner) {
  const customers = []
  for await (const customer of partner.customers()) customers.push(customer)
  return customers
}

const arrives = sandbox => sandbox.nextRequest(request => request.endpoint === INTEGRATIONS)

for (const kind of STORES) {
  test(`${kind}: ${PROCESSES} processes connect ${COMPANIES} companies by one request each`, async t => {
    const { sandbox, place, app, partner } = await start(t, kind)
    const fleet = await startProcesses(t, PROCESSES, 'partner-user', { place, app })
    const companyIds = Array.from({ length: COMPANIES }, (_, number) => `company-${String(number).padStart(2, '0')}`)
    const answers = await Promise.all(fleet.map(process => process.run('connect', { companyIds })))
    for (const answer of answers) assert.deepEqual(new Set(answer), new Set([null]))
    assert.deepEqual(sandbox.counters().statusesByEndpoint[INTEGRATIONS], { 201: COMPANIES })
    const again = await Promise.all(companyIds.map(companyId => partner.connect(companyId)))
    assert.deepEqual(
      again.map(customer => customer.companyId),
      companyIds,
    )
    assert.deepEqual(sandbox.counters().statusesByEndpoint[INTEGRATIONS], { 201: COMPANIES })

    // All processes use the same client of a customer, and so the same token.
    const [companyId] = companyIds
    const tokens = await Promise.all(fleet.map(process => process.run('token', { companyId })))
    assert.equal(new Set(tokens).size, 1)
    const { accessByCredential } = sandbox.counters().tokensIssued
    assert.deepEqual(accessByCredential, { partner: 1, [`customer-${companyId}`]: 1 })
    const customers = await listed(partner)
    assert.deepEqual(
      customers.map(customer => [customer.companyId, customer.state]),
      companyIds.map(companyId => [companyId, 'connected']),
    )
    for (const { connectedAt } of customers) assert.ok(Math.abs(connectedAt - Date.now()) < 600_000)
  })

  test(`${kind}: a process that ends in the middle of a request for credentials loses nothing`, async t => {
    // A store in JavaScript ends at process.exit(); until the event loop is empty it works.
    const action = kind === 'custom' ? 'abandonAfter' : 'exitAfter'
    const { sandbox, place, app, partner } = await start(t, kind)
    // So that the master's token is there: it is asked for before anything else.
    await partner.connect('first')
    for (const after of [0, 2, 5, 10, 20, 40]) {
      const companyId = `company-${after}`
      sandbox.fault({ endpoint: INTEGRATIONS, kind: 'delay', ms: 50, when: 'after' })
      const process = await startProcess(t, 'partner-user', { place, app })
      process.start(action, { companyId, after })
      await process.ended
      sandbox.clearFaults()
      const issued = sandbox.counters().statusesByEndpoint[INTEGRATIONS][201]
      const states = await listed(partner)
      assert.equal(states.length, issued, `${after} ms`)
      assert.ok(states.every(({ state }) => state === 'connected'))
    }
    await partner.connect('last')
  })
}

test('a customer is a credential, with its own token', async t => {
  const { sandbox, partner } = await start(t)
  const customer = await partner.connect('acme')
  assert.ok(customer instanceof Customer)
  assert.equal(customer.companyId, 'acme')
  const sr = new SmartRecruiters({ credential: customer })
  assert.equal(sr.baseUrl, sandbox.baseUrl)
  await sr.get('/jobs', { query: { sort: 'job_id', limit: 1 } })
  await partner.connect('beta')
  await sr.withCredential(partner.customer('beta')).get('/payload/20')
  assert.deepEqual(sandbox.counters().tokensIssued.accessByCredential, {
    partner: 1,
    'customer-acme': 1,
    'customer-beta': 1,
  })
  sandbox.expireAccessTokens()
  await sr.get('/payload/20')
  // The master's token is renewed, too, as that of any call.
  await partner.connect('gamma')
  assert.deepEqual(sandbox.counters().statusesByEndpoint[INTEGRATIONS], { 201: 3, 401: 1 })
})

test('an abort rejects the caller, and the credentials are stored all the same', async t => {
  const { sandbox, partner } = await start(t)
  const hold = sandbox.fault({ endpoint: INTEGRATIONS, kind: 'hold', when: 'after' })
  const caller = new AbortController()
  const arrived = arrives(sandbox)
  const connecting = partner.connect('acme', { signal: caller.signal })
  const rejected = assert.rejects(connecting, /enough/)
  await arrived
  caller.abort(new Error('enough'))
  await rejected
  assert.deepEqual(await listed(partner), [{ companyId: 'acme', state: 'connecting', connectedAt: undefined }])
  const again = partner.connect('acme')
  hold.clear()
  await again
  assert.deepEqual(sandbox.counters().statusesByEndpoint[INTEGRATIONS], { 201: 1 })
  await assert.rejects(partner.connect('beta', { signal: AbortSignal.abort(new Error('before')) }), /before/)
})

test('a process that is killed in the middle leaves a journal that others find', async t => {
  const { sandbox, place, app, partner } = await start(t, 'sqlite')
  sandbox.fault({ endpoint: INTEGRATIONS, kind: 'hold', when: 'after' })
  const process = await startProcess(t, 'partner-user', { place, app })
  const arrived = arrives(sandbox)
  process.start('connect', { companyIds: ['acme'] })
  await arrived
  process.kill()
  await process.ended
  assert.deepEqual(
    (await listed(partner)).map(({ state }) => state),
    ['connecting'],
  )
  // Its lease is waited for; see tests/it/partner.rs for what follows.
  const caller = new AbortController()
  const waiting = assert.rejects(partner.connect('acme', { signal: caller.signal }), /enough/)
  await partner.connect('beta')
  caller.abort(new Error('enough'))
  await waiting
  assert.equal(sandbox.counters().requests[INTEGRATIONS], 2, 'one for each')
})

test('a lost answer is told from credentials that others have, and both have a remedy', async t => {
  const { sandbox, newPartner, partner } = await start(t)
  const refused = (reason, remedy) => error => {
    assert.ok(error instanceof AlreadyIntegratedError && error instanceof ConflictError, error)
    assert.deepEqual([error.code, error.status, error.companyId], ['ALREADY_INTEGRATED', 409, 'acme'])
    assert.equal(error.reason, reason)
    assert.equal(error.vendorCode, 'ALREADY_INTEGRATED')
    assert.ok(error.requestId)
    assert.match(error.message, remedy)
    return true
  }
  sandbox.fault({ endpoint: INTEGRATIONS, kind: 'dropAfter' })
  await assert.rejects(partner.connect('acme'), { code: 'NETWORK' })
  assert.deepEqual(await listed(partner), [{ companyId: 'acme', state: 'unresolved', connectedAt: undefined }])
  await assert.rejects(partner.connect('acme'), refused('responseLost', /was lost.*reset the integration/))
  // Another store knows nothing of it.
  await assert.rejects(newPartner().connect('acme'), refused('issuedElsewhere', /give them to import\(\)/))
  sandbox.resetIntegration('acme')
  await partner.connect('acme')
  await partner.disconnect('acme')
  await assert.rejects(partner.connect('acme'), refused('disconnected', /by disconnect\(\)/))
})

test('what a customer has not activated is a PermissionError', async t => {
  const { sandbox, partner } = await start(t)
  await assert.rejects(partner.connect('inactive-1'), error => {
    assert.ok(error instanceof PermissionError, error)
    assert.equal(error.vendorCode, 'PERMISSION_DENIED')
    return true
  })
  assert.deepEqual(await listed(partner), [])
  assert.equal(sandbox.counters().requests[INTEGRATIONS], 1)
})

test('who is not connected is named, and can be connected at once', async t => {
  const { partner } = await start(t)
  const sr = new SmartRecruiters({ credential: partner.customer('acme'), retries: 0 })
  const named = error => {
    assert.ok(error instanceof StoreError, error)
    assert.match(error.message, /customer "acme" is not connected; call connect\(\) or import\(\)/)
    return true
  }
  await assert.rejects(sr.get('/payload/20'), named)
  await partner.connect('acme')
  await sr.get('/payload/20')
  await partner.disconnect('acme')
  await assert.rejects(sr.get('/payload/20'), named)
  await partner.disconnect('nobody')
})

test('credentials that were obtained elsewhere are imported', async t => {
  const { sandbox, partner } = await start(t)
  const { clientId, clientSecret } = sandbox.client
  const customer = await partner.import({ companyId: 'acme', clientId, clientSecret })
  await new SmartRecruiters({ credential: customer }).get('/payload/20')
  await partner.connect('acme')
  assert.deepEqual(sandbox.counters().requests[INTEGRATIONS], undefined)
  assert.deepEqual(sandbox.counters().tokensIssued.accessByCredential, { client: 1 })
})

test('bad options and arguments are refused by name, without being shown', async t => {
  const { partner } = await start(t)
  const needed = { clientId: 'id', clientSecret: 'canary', store: new MemoryStore() }
  const durable = { load: () => undefined, swap: () => true, due: () => [] }
  const refused = field => error => {
    assert.ok(error instanceof ConfigurationError, error)
    assert.equal(error.field, field)
    assert.ok(!error.message.includes('canary'))
    return true
  }
  const bad = [
    [{ clientId: '' }, 'clientId'],
    [{ clientSecret: 7 }, 'clientSecret'],
    [{ clientSecret: 'canary\n' }, 'clientSecret'],
    [{ store: undefined }, 'store'],
    [{ store: durable }, 'encryptionKey'],
    [{ store: durable, encryptionKey: 'canary' }, 'encryptionKey'],
    [{ environment: 'staging' }, 'environment'],
    [{ baseUrl: 'http://api.example.com' }, 'baseUrl'],
    [{ tokenUrl: 'https://u:canary@api.example.com' }, 'tokenUrl'],
    [{ clientAuth: 'header' }, 'clientAuth'],
    [{ exitTimeout: 0 }, 'exitTimeout'],
    [{ redirectUri: 'https://app.example.com' }, 'redirectUri'],
  ]
  for (const [options, field] of bad) assert.throws(() => new PartnerApp({ ...needed, ...options }), refused(field))
  const customer = { companyId: 'acme', clientId: 'id', clientSecret: 'canary' }
  await assert.rejects(partner.connect(''), refused('companyId'))
  await assert.rejects(partner.connect('acme', { signal: 'canary' }), refused('signal'))
  await assert.rejects(partner.connect('acme', { timeout: 5 }), refused('timeout'))
  assert.throws(() => partner.customer(7), refused('companyId'))
  await assert.rejects(partner.disconnect(), refused('companyId'))
  await assert.rejects(partner.import({ ...customer, companyId: undefined }), refused('companyId'))
  await assert.rejects(partner.import({ ...customer, clientId: 'can ary' }), refused('clientId'))
  await assert.rejects(partner.import({ ...customer, clientSecret: 'canary\n' }), refused('clientSecret'))
})
