// The logger of a client, the log that a variable turns on, and the events of clients and credentials.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { ClientCredentials, SmartRecruiters } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { MapStore } from './support/map-store.mjs'
import { failure, serve } from './support/servers.mjs'

const LEVELS = ['error', 'warn', 'info', 'debug', 'trace']

/** A logger that keeps its lines as `[level, ...arguments]`. */
function recorder(more = {}) {
  const lines = []
  const methods = LEVELS.map(level => [level, (...line) => void lines.push([level, ...line])])
  return { lines, logger: { ...Object.fromEntries(methods), ...more } }
}

/** Answers with JSON. */
function json(response, status, body, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

/** A server that answers with the statuses in turn, and then with 200. */
function answering(t, statuses, options) {
  return serve(t, (_, response) => json(response, statuses.shift() ?? 200, {}, { 'x-request-id': 'r-1' }), options)
}

test('each call has a line, with its fields where the logger takes them', async t => {
  const shapes = {
    pino: { more: { bindings() {} }, read: ([level, fields, message]) => ({ level, message, fields }) },
    winston: { more: { transports: [] }, read: ([level, message, fields]) => ({ level, message, fields }) },
    console: { more: { table() {} }, read: ([level, message]) => ({ level, message }) },
  }
  for (const [name, { more, read }] of Object.entries(shapes)) {
    const { lines, logger } = recorder(more)
    const { sr } = await answering(t, [], { logger })
    await sr.get('/jobs/{id}', { params: { id: 1 }, query: { q: 'Ada' } })
    assert.equal(lines.length, 1, name)
    const { level, message, fields } = read(lines[0])
    assert.equal(level, 'info')
    const prefix = name === 'console' ? 'smartrecruiters: ' : ''
    assert.match(message, new RegExp(`^${prefix}GET /jobs/\\{id\\}: 200 in [\\d.]+ ms, request r-1$`))
    if (name === 'console') continue
    const { durationMs, ...rest } = fields
    assert.ok(durationMs > 0)
    assert.deepEqual({ ...rest }, { method: 'GET', template: '/jobs/{id}', status: 200, attempts: 1, requestId: 'r-1' })
  }
})

test('a logger is called as a method, so that a stack leads to who made it', async t => {
  const logger = {
    seen: [],
    info(message) {
      this.seen.push(message)
    },
    error() {},
    warn() {},
    debug() {},
  }
  const { sr } = await answering(t, [], { logger })
  await sr.get('/jobs')
  assert.equal(logger.seen.length, 1)
})

test('retries and failures have lines, and the level decides which are written', async t => {
  const written = async (logLevel, statuses) => {
    const { lines, logger } = recorder()
    const { sr } = await answering(t, statuses, { logger, logLevel, retries: 1 })
    await sr.get('/jobs').catch(() => {})
    return lines.map(([level, message]) => `${level} ${message.replace(/[\d.]+ ms/g, 'N ms')}`)
  }
  assert.deepEqual(await written('info', [503]), [
    'info GET /jobs: attempt 1: 503; next in N ms',
    'info GET /jobs: 200 in N ms, 2 attempts, request r-1',
  ])
  assert.deepEqual(await written('warn', [503]), [])
  assert.deepEqual(await written('warn', [503, 503]), ['warn GET /jobs: 503 SERVER in N ms, 2 attempts, request r-1'])
  for (const [status, code] of [
    [400, 'BAD_REQUEST'],
    [404, 'NOT_FOUND'],
    [409, 'CONFLICT'],
  ]) {
    assert.deepEqual(await written('info', [status]), [`info GET /jobs: ${status} ${code} in N ms, request r-1`])
    assert.deepEqual(await written('warn', [status]), [])
  }
  for (const [status, code] of [
    [401, 'AUTHENTICATION'],
    [403, 'PERMISSION'],
  ]) {
    assert.deepEqual(await written('warn', [status]), [`warn GET /jobs: ${status} ${code} in N ms, request r-1`])
  }
  assert.deepEqual(await written('debug', []), [
    'debug GET /jobs: attempt 1: 200',
    'info GET /jobs: 200 in N ms, request r-1',
  ])
})

test('a line of a failed call has the code of its error, and the words of the API in none', async t => {
  const { lines, logger } = recorder()
  const { sr } = await serve(
    t,
    ({ url }, response) =>
      url === '/lost' ? response.destroy() : json(response, 422, { message: 'ada@example.com is not free' }),
    { logger, logLevel: 'trace' },
  )
  await failure(sr.get('/candidates'))
  await failure(sr.get('/lost'))
  assert.ok(!JSON.stringify(lines).includes('ada@'), JSON.stringify(lines))
  const calls = lines
    .filter(([level]) => level === 'info' || level === 'warn')
    .map(([level, , fields]) => [level, fields])
  assert.equal(calls[0][0], 'info')
  assert.equal(calls[0][1].errorCode, 'BAD_REQUEST')
  assert.match(lines.find(([level]) => level === 'info')[1], /^GET \/candidates: 422 BAD_REQUEST in /)
  assert.equal(calls[1][0], 'warn')
  assert.equal(calls[1][1].errorCode, 'NETWORK')
  assert.match(calls[1][1].error, /127\.0\.0\.1/)
})

test('a logger that throws changes no call', async t => {
  // The test runner's own listeners fail the test, and are put back after it.
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  t.after(() => {
    process.removeAllListeners('uncaughtException')
    for (const listener of listeners) process.on('uncaughtException', listener)
  })
  const thrown = new Promise(resolve => process.once('uncaughtException', resolve))
  const { logger } = recorder({
    info() {
      throw new Error('the disk of the log is full')
    },
  })
  const { sr } = await answering(t, [], { logger })
  assert.deepEqual(await sr.get('/jobs'), {})
  assert.equal((await thrown).message, 'the disk of the log is full')
})

test('a logger without a method is refused by the name of that method', () => {
  for (const [logger, field] of [
    ['console', 'logger'],
    [null, 'logger'],
    [{ info() {}, warn() {}, error() {} }, 'logger.debug'],
  ]) {
    assert.throws(
      () => new SmartRecruiters({ credential: new ClientCredentials({ clientId: 'a', clientSecret: 'b' }), logger }),
      {
        code: 'CONFIGURATION',
        field,
      },
    )
  }
})

test('a logger gets the tokens of its client, and one of two clients gets them once', async t => {
  const sandbox = await startSandbox({ limits: false })
  t.after(() => sandbox.close())
  const { clientId, clientSecret } = sandbox.client
  const credential = new ClientCredentials({ clientId, clientSecret })
  const { lines, logger } = recorder()
  const other = recorder()
  const options = { baseUrl: sandbox.baseUrl, logger }
  const sr = new SmartRecruiters({ credential, ...options })
  const second = new SmartRecruiters({ credential, ...options })
  const unrelated = new SmartRecruiters({
    credential: new ClientCredentials({ clientId, clientSecret: 'wrong' }),
    baseUrl: sandbox.baseUrl,
    logger: other.logger,
  })
  await Promise.all([sr.get('/jobs'), second.get('/jobs'), failure(unrelated.get('/jobs'))])
  const about = ({ lines }) => lines.filter(([, message]) => message.includes('access token'))
  while (about({ lines }).length === 0 || about(other).length === 0) await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(
    about({ lines }).map(([level, message]) => [level, message.replace(/[\d.]+ (ms|s)/g, 'N $1')]),
    [['info', `access token for clientCredentials ${clientId} in N ms, valid for N s`]],
  )
  assert.deepEqual(
    about(other).map(([level]) => level),
    ['error'],
  )
})

test('a client has events for retries and for answers with 429', async t => {
  const { sr } = await answering(t, [503, 429], { retries: 2, limits: {} })
  const events = []
  const listener = retry => events.push(['retry', retry.template, retry.attempt, retry.status])
  assert.equal(sr.on('retry', listener), sr)
  sr.on('limited', ({ template, pauseMs }) => events.push(['limited', template, pauseMs > 0]))
  await sr.get('/jobs')
  assert.deepEqual(events.toSorted(), [
    ['limited', '/jobs', true],
    ['retry', '/jobs', 1, 503],
    ['retry', '/jobs', 2, 429],
  ])
  sr.off('retry', listener)
  assert.throws(() => sr.on('retries', listener), { code: 'CONFIGURATION' })
})

test('client credentials have events for tokens that cannot be obtained and stores that fail', async t => {
  const sandbox = await startSandbox({ limits: false })
  t.after(() => sandbox.close())
  const store = new MapStore()
  store.fail = () => {
    throw new Error('the disk is full')
  }
  const options = { clientId: sandbox.client.clientId, store, encryptionKey: false }
  const events = []
  const listened = clientSecret => {
    const credential = new ClientCredentials({ ...options, clientSecret })
    credential.on('storeFailed', ({ operation, error }) => events.push(['storeFailed', operation, error.code]))
    credential.on('tokenFailed', ({ error }) => events.push(['tokenFailed', error.error]))
    return new SmartRecruiters({ credential, baseUrl: sandbox.baseUrl })
  }
  await listened(sandbox.client.clientSecret).get('/jobs')
  await failure(listened('wrong').get('/jobs'))
  while (events.length < 3) await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(events, [
    ['storeFailed', 'load', 'STORE'],
    ['storeFailed', 'load', 'STORE'],
    ['tokenFailed', 'invalid_client'],
  ])
})

/** What a program writes to its standard error with these variables. It calls a server that answers 503 once. */
async function logged(environment) {
  const program = `
    import { createServer } from 'node:http'
    import { ApiKey, SmartRecruiters } from 'smartrecruiters'
    let refused = false
    const server = createServer((request, response) => {
      response.writeHead(refused ? 200 : 503).end()
      refused = true
    }).listen(0, '127.0.0.1', async () => {
      const baseUrl = 'http://127.0.0.1:' + server.address().port
      const sr = new SmartRecruiters({ credential: new ApiKey('canary-key'), baseUrl })
      await sr.get('/jobs/{id}', { params: { id: 1 }, query: { q: 'canary-query' } })
      server.close()
      server.closeAllConnections()
    })
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, lines] = ['', '']
  child.stdout.on('data', part => {
    out += part
  })
  for await (const part of child.stderr) lines += part
  assert.equal(out, '', 'the standard output is the program’s own')
  assert.ok(!lines.includes('canary'), lines)
  return lines.split('\n').slice(0, -1)
}

test('SMARTRECRUITERS_LOG writes a line for each record to the standard error', async () => {
  const lines = await logged({ SMARTRECRUITERS_LOG: 'info' })
  const shown = lines.map(line => line.replace(/^\S+Z/, 'TIME').replace(/[\d.]+ ms/g, 'N ms'))
  assert.deepEqual(shown, [
    'TIME INFO  smartrecruiters: GET /jobs/{id}: attempt 1: 503; next in N ms',
    'TIME INFO  smartrecruiters: GET /jobs/{id}: 200 in N ms, 2 attempts',
  ])
  assert.deepEqual(await logged({}), [])
})

test('SMARTRECRUITERS_LOG_FORMAT=json makes each line an object', async () => {
  const lines = await logged({ SMARTRECRUITERS_LOG: 'debug', SMARTRECRUITERS_LOG_FORMAT: 'json' })
  const records = lines.map(line => JSON.parse(line))
  assert.deepEqual(
    records.map(({ level, name, template, status, attempt, attempts }) => ({
      level,
      name,
      template,
      status,
      attempt,
      attempts,
    })),
    [
      { level: 'info', attempt: 1, status: 503 },
      { level: 'debug', attempt: 2, status: 200 },
      { level: 'info', attempts: 2, status: 200 },
    ].map(record => ({
      name: 'smartrecruiters',
      template: '/jobs/{id}',
      attempt: undefined,
      attempts: undefined,
      ...record,
    })),
  )
  assert.ok(records.every(({ time }) => new Date(time).toISOString() === time))
})

test('an unknown level is a warning, and stops no program', async () => {
  const lines = await logged({ SMARTRECRUITERS_LOG: 'verbose' })
  assert.match(
    lines.join('\n'),
    /SMARTRECRUITERS_LOG must be one of error, warn, info, debug, trace; nothing is logged/,
  )
})

test('a deprecated operation has a line', async t => {
  const { lines, logger } = recorder()
  const { sr } = await answering(t, [], { logger })
  await sr.get('/users/{id}', { params: { id: 1 } })
  const warned = () => lines.find(([level]) => level === 'warn')
  while (warned() === undefined) await new Promise(resolve => setImmediate(resolve))
  const [, message, fields] = warned()
  assert.match(message, /^SmartRecruiters calls GET \/users\/\{id\} deprecated; use .* instead$/)
  assert.deepEqual(fields, { code: 'SMARTRECRUITERS_DEPRECATED' })
})
