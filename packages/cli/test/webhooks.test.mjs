// Webhooks on a developer's machine: passed on unchanged, replayed from the log, and cleaned up after.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { access, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ApiKey, SmartRecruiters, SqliteStore, Webhooks } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { run, sandboxVariables, start } from './support.mjs'

const SUBSCRIPTIONS = '/webhooks-api/v201907/subscriptions'
const KEY = Buffer.alloc(32, 7).toString('base64')

async function setUp(t) {
  const sandbox = await startSandbox({ jobs: 1, candidates: 1, data: { subscriptions: [] } })
  t.after(() => sandbox.close())
  const sr = new SmartRecruiters({ credential: new ApiKey(sandbox.apiKey), baseUrl: sandbox.baseUrl })
  t.after(() => sr.close())
  const folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-webhooks-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return { sandbox, sr, env: sandboxVariables(sandbox), path: name => join(folder, name) }
}

/** A receiver on this machine: what it got, and the status that it answers with. */
async function receiverOf(t) {
  const receiver = { status: 202, received: [] }
  const server = createServer(async (request, response) => {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const hook = request.headers['x-hook-secret']
    if (hook !== undefined) return response.writeHead(200, { 'x-hook-secret': hook }).end()
    receiver.received.push({ headers: request.headers, url: request.url, body: Buffer.concat(chunks).toString() })
    response.writeHead(receiver.status).end()
  })
  t.after(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  receiver.url = `http://127.0.0.1:${server.address().port}/hook?a=1`
  receiver.close = () => server.close()
  return receiver
}

async function freePort() {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address()
  await new Promise(resolve => server.close(resolve))
  return port
}

/** Starts `webhooks listen`, and resolves when it says that events arrive. */
async function listen(words, options) {
  const child = start(['webhooks', 'listen', '--events', 'job.created', ...words], options)
  const [out, err] = [[], []]
  child.stdout.setEncoding('utf8').on('data', text => out.push(text))
  child.stderr.setEncoding('utf8').on('data', text => err.push(text))
  const ended = once(child, 'close')
  await new Promise((resolve, reject) => {
    child.stderr.on('data', () => err.join('').includes('Events for') && resolve())
    child.on('close', () => reject(new Error(err.join(''))))
  })
  return { child, ended, out: () => out.join(''), err: () => err.join('') }
}

test('events are verified, passed on unchanged, and answered as the receiver does; the end cleans up', async t => {
  const { sandbox, sr, env, path } = await setUp(t)
  const receiver = await receiverOf(t)
  const port = await freePort()
  const publicUrl = `http://127.0.0.1:${port}/public`
  const words = ['--public-url', publicUrl, '--port', String(port), '--forward-to', receiver.url]
  const listening = await listen([...words, '--secret-file', path('secret')], { env })

  const payload = { id: 'job-1', text: 'Kraków\u2028' }
  const [delivery] = await sandbox.emit('job.created', payload)
  assert.deepEqual([delivery.status, delivery.delivered], [202, true])
  const [{ headers, url, body }] = receiver.received
  assert.deepEqual([url, body], ['/hook?a=1', JSON.stringify(payload)])
  const secret = await readFile(path('secret'), 'utf8')
  const verifier = new Webhooks({ secrets: secret })
  assert.deepEqual(verifier.verify(headers, body).payload, payload)

  receiver.status = 418
  assert.equal((await sandbox.emit('job.created', { id: 'job-2' }))[0].status, 418)
  const signed = Object.entries(headers).filter(([name]) => /^(event|smartrecruiters)-/.test(name))
  const forged = await fetch(publicUrl, { method: 'POST', headers: signed, body: '{"id":"forged"}' })
  assert.equal(forged.status, 401)
  assert.equal(receiver.received.length, 2, 'a forged event was passed on')
  const stranger = await fetch(publicUrl, { method: 'POST', headers: { 'x-hook-secret': 'stranger' } })
  assert.equal(stranger.status, 403, "a stranger's handshake was answered")
  receiver.close()
  assert.equal((await sandbox.emit('job.created', { id: 'job-3' }))[0].status, 503)

  listening.child.kill('SIGTERM')
  assert.deepEqual(await listening.ended, [143, null])
  const lines = listening.out().trim().split('\n').map(JSON.parse)
  assert.deepEqual(
    lines.map(({ name, payload, status, error }) => [name, payload.id, status, error]),
    [
      ['job.created', 'job-1', 202, undefined],
      ['job.created', 'job-2', 418, undefined],
      ['job.created', 'job-3', undefined, 'ECONNREFUSED'],
    ],
  )
  assert.match(listening.err(), /refused: .*\n/)
  for (const hidden of [secret, sandbox.apiKey, headers['smartrecruiters-signature']]) {
    assert.ok(!`${listening.out()}${listening.err()}`.includes(hidden), 'a secret was printed')
  }
  assert.deepEqual(await sr.paginate(SUBSCRIPTIONS).toArray(), [])
  await assert.rejects(access(path('secret')))
})

test('a subscription that is there is left alone, unless it is to be replaced', async t => {
  const { sr, env } = await setUp(t)
  const receiver = await receiverOf(t)
  const port = await freePort()
  const publicUrl = `http://127.0.0.1:${port}/`
  await sr.post(SUBSCRIPTIONS, { json: { callbackUrl: publicUrl, events: ['job.updated'] } })
  const words = ['--public-url', publicUrl, '--port', String(port), '--forward-to', receiver.url]
  const refused = await run(['webhooks', 'listen', '--events', 'job.created', ...words], { env })
  assert.deepEqual([refused.code, refused.stdout], [1, ''])
  assert.match(refused.stderr, /--replace/)
  assert.equal((await sr.paginate(SUBSCRIPTIONS).toArray()).length, 1)

  const listening = await listen([...words, '--replace'], { env })
  const [{ events, status }] = await sr.paginate(SUBSCRIPTIONS).toArray()
  assert.deepEqual([events.map(({ name }) => name), status], [['job.created'], 'active'])
  listening.child.kill('SIGINT')
  assert.deepEqual(await listening.ended, [130, null])
})

test('what a failed start has made is removed', async t => {
  const { sr, env } = await setUp(t)
  const port = await freePort()
  // The public URL leads nowhere, so the handshake fails.
  const nowhere = `http://127.0.0.1:${await freePort()}/`
  const failed = await run(
    ['webhooks', 'listen', '--events', 'job.created', '--public-url', nowhere, '--port', String(port)].concat([
      '--forward-to',
      'http://127.0.0.1:9/',
    ]),
    { env },
  )
  assert.equal(failed.code, 1, failed.stderr)
  assert.equal(failed.stdout, '')
  assert.deepEqual(await sr.paginate(SUBSCRIPTIONS).toArray(), [])
})

/** Subscribes a receiver, as an app did it some time ago. */
async function subscribed(sr, callbackUrl) {
  await sr.post(SUBSCRIPTIONS, { json: { callbackUrl, events: ['job.created'] } })
  const subscriptions = await sr.paginate(SUBSCRIPTIONS).toArray()
  const { id } = subscriptions.find(each => each.callbackUrl === callbackUrl)
  const { secretKey } = await sr.post(`${SUBSCRIPTIONS}/{id}/secret-key`, { params: { id } })
  await sr.put(`${SUBSCRIPTIONS}/{id}/activation`, { params: { id } })
  return secretKey
}

test('what no receiver has accepted is sent again from the log, the oldest first and as it was', async t => {
  const { sandbox, sr, env } = await setUp(t)
  const [original, local] = [await receiverOf(t), await receiverOf(t)]
  const secretKey = await subscribed(sr, original.url)
  const statuses = [500, 202, 500]
  for (const [index, status] of statuses.entries()) {
    original.status = status
    await sandbox.emit('job.created', { id: `job-${index}` }, { id: `event-${index}` })
  }
  // The last event succeeds when it is repeated.
  original.status = 202
  await sandbox.emit('job.created', { id: 'job-2' }, { id: 'event-2' })

  const replay = words => run(['webhooks', 'replay', '--since', '1h', '--forward-to', local.url, ...words], { env })
  const missed = await replay([])
  assert.equal(missed.code, 0, missed.stderr)
  assert.deepEqual(
    missed.stdout
      .trim()
      .split('\n')
      .map(JSON.parse)
      .map(({ id, status }) => [id, status]),
    [['event-0', 202]],
  )
  const [{ headers, body }] = local.received
  assert.equal(body, original.received[0].body)
  assert.deepEqual(new Webhooks({ secrets: secretKey }).verify(headers, body).payload, { id: 'job-0' })

  local.status = 500
  const all = await replay(['--all'])
  assert.equal(all.code, 1)
  assert.deepEqual(
    local.received.slice(1).map(({ body }) => JSON.parse(body).id),
    ['job-0', 'job-1', 'job-2'],
  )
  const none = await replay(['--url', 'https://other.example.com/'])
  assert.deepEqual([none.code, none.stdout], [0, ''])
  // The process of the same second is not a part of `since`: a time in the future leaves nothing.
  const future = await run(['webhooks', 'replay', '--since', '2099-01-01', '--forward-to', local.url], { env })
  assert.deepEqual([future.code, future.stdout], [0, ''])
})

test('missed events are put into an inbox, and dead letters are listed, repeated and dropped', async t => {
  const { sandbox, sr, env, path } = await setUp(t)
  const original = await receiverOf(t)
  await subscribed(sr, original.url)
  for (const id of ['event-0', 'event-1']) await sandbox.emit('job.created', { id }, { id })
  const store = new SqliteStore({ path: path('inbox.sqlite') })
  const app = new Webhooks({ store, encryptionKey: KEY, client: sr, attempts: 1, onError: () => {} })
  for await (const letter of app.deadLetters()) assert.fail(letter.event.id)

  const own = { ...env, SMARTRECRUITERS_STORE: path('inbox.sqlite'), SMARTRECRUITERS_ENCRYPTION_KEY: KEY }
  const command = async (words, code = 0) => {
    const done = await run(['webhooks', ...words], { env: own })
    assert.equal(done.code, code, done.stderr)
    return done.stdout === '' ? undefined : JSON.parse(done.stdout)
  }
  assert.equal((await command(['replay', '--since', '1h'])).taken, 2)
  assert.equal((await command(['replay', '--since', '1h'])).taken, 0)

  // The app fails at both.
  let failures = 0
  const failed = new Promise(resolve => {
    app.on('job.created', () => {
      if (++failures === 2) setImmediate(resolve)
      throw new Error('out of coffee')
    })
  })
  await failed
  await app.close()
  const dead = await command(['dead', '--fields', 'event.id,attempts,error'])
  assert.deepEqual(
    dead.sort((a, b) => (a.event.id < b.event.id ? -1 : 1)),
    ['event-0', 'event-1'].map(id => ({ event: { id }, attempts: 1, error: 'Error: out of coffee' })),
  )
  const examined = JSON.parse((await run(['doctor'], { env: own })).stdout).find(({ check }) => check === 'store')
  assert.deepEqual([examined.status, examined.remedy], ['warning', 'smartrecruiters webhooks dead'])
  await command(['dead', '--drop', 'event-0'], 2)
  assert.deepEqual(await command(['dead', '--drop', 'event-0', '--yes']), { dropped: ['event-0'], unknown: [] })
  assert.deepEqual(await command(['dead', '--repeat', 'event-0', '--repeat', 'event-1'], 1), {
    repeated: ['event-1'],
    unknown: ['event-0'],
  })
  assert.deepEqual(await command(['dead', '--repeat-all']), { repeated: [], unknown: [] })
  assert.deepEqual(await command(['dead']), [])
})

test('wrong usage of webhooks sends nothing', async t => {
  const { sandbox, env } = await setUp(t)
  const listening = ['listen', '--public-url', 'https://x.example/', '--forward-to', 'http://localhost:1/']
  const cases = [
    [['listen'], /--public-url is missing/],
    [['listen', '--public-url', 'x'], /--forward-to is missing/],
    [listening, /--events is missing/],
    [[...listening, '--events', 'a', '--port', 'x'], /--port/],
    [['listen', '--public-url', 'x', '--forward-to', 'y', '--events', 'z'], /--public-url must be a URL/],
    [['replay'], /--since is missing/],
    [['replay', '--since', '1h'], /no destination/],
    [['replay', '--since', 'x', '--forward-to', 'http://localhost:1/'], /--since must be/],
    [['dead', '--repeat', 'x', '--drop', 'y'], /exclude each other/],
    [['dead'], /no store is named/],
  ]
  for (const [words, message] of cases) {
    const { code, stdout, stderr } = await run(['webhooks', ...words], { env })
    assert.deepEqual([code, stdout], [2, ''], stderr)
    assert.match(stderr, message)
  }
  assert.equal(sandbox.requests().length, 0)
})
