// Exports: exact after any kill, within the limits, and never half a file under its own name.

import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { access, appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startSandbox } from 'smartrecruiters-sandbox'
import { run, sandboxVariables, start } from './support.mjs'

/** The nightly run exports 20,000 candidates and kills 20 times. */
const CANDIDATES = Number(process.env.EXPORT_CANDIDATES ?? 2000)
const KILLS = CANDIDATES > 2000 ? 20 : 3
/** Pages of 50 are enough that a random moment is in the middle of something. */
const PAGE = 50
/** How many requests a process may send at once, by the API's limits, before the signal reaches it. */
const BURST = 10

async function workspace(t) {
  const folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-export-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return name => join(folder, name)
}

async function startWith(t, options) {
  const sandbox = await startSandbox(options)
  t.after(() => sandbox.close())
  return sandbox
}

/** The lines of an export. */
async function itemsIn(path) {
  const text = await readFile(path, 'utf8')
  return text.split('\n').slice(0, -1).map(JSON.parse)
}

const exists = path =>
  access(path).then(
    () => true,
    () => false,
  )

test('an export that is killed at random moments equals an undisturbed one, within the limits', async t => {
  const sandbox = await startWith(t, { candidates: CANDIDATES })
  const path = await workspace(t)
  const command = file => ['export', 'candidates', '--output', path(file), '-f', `limit=${PAGE}`]
  // A key of its own: what the other export has just sent does not count towards its limits.
  const { apiKey } = sandbox.addApiKey()

  const whole = await run(command('whole.ndjson'), { env: sandboxVariables(sandbox) })
  assert.equal(whole.code, 0, whole.stderr)
  assert.equal(JSON.parse(whole.stdout).items, CANDIDATES)

  const env = { ...sandboxVariables(sandbox), SMARTRECRUITERS_API_KEY: apiKey }
  const pages = CANDIDATES / PAGE
  const moments = []
  for (let kill = 0; kill < KILLS; kill++) {
    const child = start([...command('killed.ndjson'), '--resume'], { env })
    const ended = once(child, 'exit')
    // Few enough that no process comes to the end, also with those that it sends in the meantime.
    const requests = randomInt(1, Math.floor(pages / KILLS) - BURST)
    for (let request = 0; request < requests; request++) await sandbox.nextRequest()
    // Somewhere between the answer and the next request: while it is parsed, written, synced or recorded.
    const pause = randomInt(0, 60)
    await new Promise(resolve => setTimeout(resolve, pause))
    child.kill('SIGKILL')
    const [, signal] = await ended
    assert.equal(signal, 'SIGKILL', 'the export ended before it was killed')
    assert.equal(await exists(path('killed.ndjson')), false, 'half an export has the name of a whole one')
    const { length, items } = JSON.parse(await readFile(path('killed.ndjson.resume'), 'utf8'))
    moments.push({ requests, pause, items, torn: (await stat(path('killed.ndjson.partial'))).size - length })
  }
  const last = await run([...command('killed.ndjson'), '--resume'], { env })
  t.diagnostic(`killed at ${JSON.stringify(moments)}`)
  assert.equal(last.code, 0, last.stderr)
  assert.equal(JSON.parse(last.stdout).items, CANDIDATES)

  const [expected, actual] = [await readFile(path('whole.ndjson')), await readFile(path('killed.ndjson'))]
  assert.ok(actual.equals(expected), 'the exports differ')
  const ids = (await itemsIn(path('killed.ndjson'))).map(({ id }) => id)
  assert.equal(new Set(ids).size, CANDIDATES)
  assert.equal(sandbox.counters().tooManyRequests, 0)
  assert.deepEqual((await readdir(path('.'))).sort(), ['killed.ndjson', 'whole.ndjson'])
})

test('what was written after the last checkpoint is cut off, also in the middle of a line', async t => {
  const sandbox = await startWith(t, { candidates: 300 })
  const path = await workspace(t)
  const env = sandboxVariables(sandbox)
  const command = ['export', 'candidates', '--output', path('c.ndjson'), '--resume']
  const hold = sandbox.fault({ kind: 'hold', endpoint: 'GET /candidates', after: 2 })
  const child = start(command, { env })
  const ended = once(child, 'exit')
  for (let request = 0; request < 3; request++) await sandbox.nextRequest()
  await until(async () => (await stateOf(path('c.ndjson')))?.items === 200)
  child.kill('SIGKILL')
  await ended
  hold.clear()
  await appendFile(path('c.ndjson.partial'), '{"id":"torn","firstNa')

  const resumed = await run(command, { env })
  assert.equal(resumed.code, 0, resumed.stderr)
  assert.match(resumed.stderr, /Continuing after 200 items/)
  const items = await itemsIn(path('c.ndjson'))
  assert.equal(items.length, 300)
  assert.ok(items.every(({ id }) => id !== 'torn'))
})

async function stateOf(file) {
  try {
    return JSON.parse(await readFile(`${file}.resume`, 'utf8'))
  } catch {
    // It is not there yet.
  }
}

/** Waits for what another process does to files. */
async function until(condition) {
  while (!(await condition())) await new Promise(resolve => setTimeout(resolve, 10))
}

test('two processes that write one export do not spoil it', async t => {
  const sandbox = await startWith(t, { candidates: 400 })
  const path = await workspace(t)
  const command = ['export', 'candidates', '-o', path('c.ndjson'), '--resume', '--json']
  const hold = sandbox.fault({ kind: 'hold', endpoint: 'GET /candidates', after: 2 })
  const first = run(command, { env: sandboxVariables(sandbox) })
  await until(async () => (await stateOf(path('c.ndjson')))?.items === 200)
  // With another key: the held request takes the only place of the first one.
  const { apiKey } = sandbox.addApiKey()
  const second = await run(command, { env: { ...sandboxVariables(sandbox), SMARTRECRUITERS_API_KEY: apiKey } })
  assert.equal(second.code, 0, second.stderr)
  hold.clear()
  const { code, stdout, stderr } = await first
  assert.deepEqual([code, stdout, JSON.parse(stderr).code], [1, '', 'EXPORT_BUSY'])
  const ids = (await itemsIn(path('c.ndjson'))).map(({ id }) => id)
  assert.deepEqual([ids.length, new Set(ids).size], [400, 400])
})

test('an export whose end was killed between its files is completed without a request', async t => {
  const sandbox = await startWith(t, { candidates: 150 })
  const path = await workspace(t)
  const env = sandboxVariables(sandbox)
  for (const format of ['ndjson', 'csv']) {
    const command = ['export', 'candidates', '-o', path(format), '--format', format, '--resume']
    const cut = sandbox.fault({ kind: 'status', status: 500, endpoint: 'GET /candidates', after: 1, times: Infinity })
    const failed = await run(command, { env })
    assert.equal(failed.code, 3, failed.stderr)
    cut.clear()
    const state = await readFile(`${path(format)}.resume`, 'utf8')
    assert.equal((await run(command, { env })).code, 0)
    const whole = await readFile(path(format))
    if (format === 'ndjson') {
      // Killed after the file got its name, and before the state was removed.
      const done = { ...JSON.parse(state), done: true }
      await writeFile(`${path(format)}.resume`, JSON.stringify(done))
    }
    sandbox.resetCounters()
    const again = await run(command, { env })
    assert.deepEqual([again.code, JSON.parse(again.stdout).complete], [0, true])
    assert.ok((await readFile(path(format))).equals(whole))
    assert.equal(sandbox.requests().length, 0)
    assert.equal(await exists(`${path(format)}.resume`), false)
  }
})

test('CSV has all columns, one row per item, and no formulas', async t => {
  const data = {
    jobs: [{ id: 'j' }],
    candidates: [
      { id: 'a', firstName: '=HYPERLINK("http://evil.example")', lastName: 'two\u2028lines', email: 'a@example.com' },
      { id: 'b', firstName: 'Bo, "B"', lastName: 'x\ny', email: 'b@example.com', location: { city: 'Kraków' } },
    ],
  }
  const sandbox = await startWith(t, { data })
  const path = await workspace(t)
  const env = sandboxVariables(sandbox)
  const done = await run(['export', 'candidates', '-o', path('c.csv'), '--format', 'csv'], { env })
  assert.equal(done.code, 0, done.stderr)
  const [header, ...rest] = (await readFile(path('c.csv'), 'utf8')).split('\r\n')
  assert.ok(header.split(',').includes('location.city'), 'a column that only the last item has is missing')
  assert.match(rest[0], /^a,"'=HYPERLINK\(""http:\/\/evil\.example""\)",two\u2028lines,/)
  assert.match(rest[1], /^b,"Bo, ""B""","x\ny",/)
  assert.deepEqual(rest.slice(2), [''])

  await run(['export', 'candidates', '-o', path('f.csv'), '--format', 'csv', '--fields', 'location.city,id'], { env })
  assert.equal(await readFile(path('f.csv'), 'utf8'), 'location.city,id\r\n,a\r\nKraków,b\r\n')
  await run(['export', 'candidates', '-o', path('f.ndjson'), '--fields', 'location.city,id'], { env })
  assert.deepEqual(await itemsIn(path('f.ndjson')), [{ id: 'a' }, { location: { city: 'Kraków' }, id: 'b' }])
})

test('fields that no item has are named on stderr, and those that an earlier process has found are not', async t => {
  const candidates = Array.from({ length: 150 }, (_, index) => ({ id: `c${index}`, ...(index === 0 && { note: 'x' }) }))
  const sandbox = await startWith(t, { data: { candidates } })
  const path = await workspace(t)
  for (const format of ['ndjson', 'csv']) {
    const command = ['export', 'candidates', '-o', path(format), '--format', format, '--resume', '--json']
    const words = [...command, '-f', 'limit=100', '--fields', 'id,note,nosuch,location.town']
    sandbox.fault({ kind: 'status', status: 400, endpoint: 'GET /candidates', after: 1, times: 1 })
    const failed = await run(words, { env: sandboxVariables(sandbox) })
    assert.equal(failed.code, 1, failed.stderr)
    assert.doesNotMatch(failed.stderr, /no item has/)
    const { code, stdout, stderr } = await run(words, { env: sandboxVariables(sandbox) })
    assert.equal(code, 0, stderr)
    assert.match(stderr, /^Of --fields, no item has nosuch, location\.town\.$/m)
    assert.equal(JSON.parse(stdout).items, 150)
  }
})

test('files of candidates are beside the export, whole, and downloaded once', async t => {
  const ids = ['a', 'b', 'c', 'd', 'denied-e', 'f']
  const candidates = ids.map(id => ({ id, firstName: id, lastName: id, email: `${id}@example.com` }))
  const sandbox = await startWith(t, { data: { candidates } })
  const path = await workspace(t)
  const env = sandboxVariables(sandbox)
  const command = ['export', 'candidates', '-o', path('c.ndjson'), '--attachments', path('files'), '--resume']
  const cut = sandbox.fault({
    kind: 'status',
    status: 500,
    endpoint: 'GET /candidates/attachments/{attachmentId}',
    after: 4,
    times: Infinity,
  })
  const failed = await run(command, { env })
  assert.equal(failed.code, 3, failed.stderr)
  cut.clear()
  const resumed = await run(command, { env })
  assert.equal(resumed.code, 0, resumed.stderr)
  assert.deepEqual(JSON.parse(resumed.stdout).attachments, {
    files: 6,
    bytes: JSON.parse(resumed.stdout).attachments.bytes,
    present: 4,
    withheld: 1,
  })
  for (const id of ids.filter(id => !id.startsWith('denied-'))) {
    const names = (await readdir(path(`files/${id}`))).sort()
    assert.deepEqual(names, [`letter-${id}-letter.pdf`, `resume-${id}-resume.pdf`])
    const sizes = await Promise.all(names.map(async name => (await stat(path(`files/${id}/${name}`))).size))
    assert.deepEqual(sizes, [2048, 16_384])
  }
})

test('a file whose download broke off is downloaded again', async t => {
  const sandbox = await startWith(t, { candidates: 1 })
  const endpoint = 'GET /candidates/attachments/{attachmentId}'
  const content = 'x'.repeat(10_000)
  sandbox.route('GET', '/candidates/attachments/{attachmentId}', () => ({
    headers: { 'content-type': 'text/plain' },
    body: content,
  }))
  sandbox.fault({ kind: 'truncate', endpoint })
  const path = await workspace(t)
  const env = sandboxVariables(sandbox)
  const command = ['export', 'candidates', '-o', path('c.ndjson'), '--attachments', path('files'), '--resume']
  const failed = await run(command, { env })
  assert.equal(failed.code, 3, failed.stderr)
  const resumed = await run(command, { env })
  assert.equal(resumed.code, 0, resumed.stderr)
  const [{ id }] = await itemsIn(path('c.ndjson'))
  const names = await readdir(path(`files/${id}`))
  const contents = await Promise.all(names.map(name => readFile(path(`files/${id}/${name}`), 'utf8')))
  assert.deepEqual(contents, [content, content])
})

test('a credential that ends while files are downloaded does not count candidates as withheld', async t => {
  const sandbox = await startWith(t, { candidates: 20 })
  const path = await workspace(t)
  const env = sandboxVariables(sandbox)
  const command = ['export', 'candidates', '-o', path('c.ndjson'), '--attachments', path('files'), '--resume']
  sandbox.fault({ kind: 'status', status: 401, path: '/candidates', after: 10, times: Infinity })
  const refused = await run(command, { env })
  assert.equal(refused.code, 4, refused.stderr)
  sandbox.clearFaults()
  const { attachments } = JSON.parse((await run(command, { env })).stdout)
  assert.deepEqual([attachments.files + attachments.present, attachments.withheld], [40, 0])
})

test('names that candidates have chosen stay inside their folder', async t => {
  const sandbox = await startWith(t, { candidates: 1 })
  sandbox.route('GET', '/candidates/{id}/jobs/{jobId}/attachments', () => ({
    body: {
      content: [
        { id: 'a*b c', name: '../../../escape.sh\u0000' },
        { id: '.hidden', name: '..' },
      ],
    },
  }))
  sandbox.route('GET', '/candidates/attachments/{attachmentId}', () => ({ body: 'content' }))
  const path = await workspace(t)
  const done = await run(['export', 'candidates', '-o', path('c.ndjson'), '--attachments', path('files')], {
    env: sandboxVariables(sandbox),
  })
  assert.equal(done.code, 0, done.stderr)
  const [{ id }] = await itemsIn(path('c.ndjson'))
  assert.deepEqual((await readdir(path('.'))).sort(), ['c.ndjson', 'files'])
  assert.deepEqual(await readdir(path('files')), [id])
  assert.deepEqual((await readdir(path(`files/${id}`))).sort(), ['.hidden', 'a%2Ab%20c-.._.._.._escape.sh_'])
})

test('what exists is not replaced without --force, and --resume keeps to the first options', async t => {
  const sandbox = await startWith(t, { jobs: 30, candidates: 1 })
  const path = await workspace(t)
  const env = sandboxVariables(sandbox)
  const command = ['export', 'jobs', '-o', path('jobs.ndjson')]
  await writeFile(path('jobs.ndjson'), 'mine')
  const refused = await run(command, { env })
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /jobs\.ndjson is there already\.\n.*--force/)
  assert.equal(await readFile(path('jobs.ndjson'), 'utf8'), 'mine')

  // While the new export has not ended, the old file is the whole one.
  sandbox.fault({ kind: 'status', status: 500, endpoint: 'GET /jobs' })
  assert.equal((await run([...command, '--force', '--since', '7d'], { env })).code, 3)
  assert.equal(await readFile(path('jobs.ndjson'), 'utf8'), 'mine')
  const unended = await run(command, { env })
  assert.deepEqual([unended.code, /has not ended/.test(unended.stderr)], [1, true], unended.stderr)
  const other = await run([...command, '--resume'], { env })
  assert.equal(other.code, 2)
  assert.match(other.stderr, /--since/)
  const { since } = await stateOf(path('jobs.ndjson'))
  const resumed = await run([...command, '--resume', '--since', '7d'], { env })
  assert.equal(resumed.code, 0, resumed.stderr)
  assert.equal((await itemsIn(path('jobs.ndjson'))).length, 30)
  const asked = new URLSearchParams(sandbox.requests().at(-1).query).get('updatedAfter')
  assert.equal(asked, since, 'the time moved between the runs')
})

test('wrong usage sends nothing, and says what is right', async t => {
  const sandbox = await startWith(t, { jobs: 1, candidates: 1 })
  const path = await workspace(t)
  const env = sandboxVariables(sandbox)
  const cases = [
    [['export'], /name one list/],
    [['export', 'candidate', '-o', path('x')], /there is no list "candidate"\n.*candidates, jobs/],
    [['export', 'jobs'], /--output FILE is missing/],
    [['export', 'jobs', '-o', '-'], /must be a file\n.*api \/jobs --paginate --ndjson/],
    [['export', 'jobs', '-o', path('x'), '--format', 'xml'], /ndjson or csv/],
    [['export', 'jobs', '-o', path('x'), '--since', 'yesterday'], /30m, 2h, 7d/],
    [['export', 'reports', '-o', path('x'), '--since', '1d'], /does not apply to reports/],
    [['export', 'jobs', '-o', path('x'), '--attachments', 'y'], /candidates only/],
    [['export', 'jobs', '-o', path('x'), '-f', 'limit'], /-f must be key=value/],
    [['export', 'jobs', '-o', path('none/x')], /none does not exist/],
    [['export', 'jobs', '-o', path('x'), '--resume', '--force'], /exclude each other/],
  ]
  for (const [words, message] of cases) {
    const { code, stdout, stderr } = await run(words, { env })
    assert.deepEqual([code, stdout], [2, ''], stderr)
    assert.match(stderr, message)
  }
  assert.deepEqual(await readdir(path('.')), [])
  assert.equal(sandbox.requests().length, 0)
})
