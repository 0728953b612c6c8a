// `smartrecruiters api`: what is sent, and what is printed.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { startSandbox } from 'smartrecruiters-sandbox'
import { run, sandboxVariables, start } from './support.mjs'

const JOBS = 250

let sandbox
let env
let folder

before(async () => {
  sandbox = await startSandbox({ jobs: JOBS })
  env = sandboxVariables(sandbox)
  folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-cli-api-'))
})
beforeEach(() => sandbox.resetCounters())
after(async () => {
  await sandbox.close()
  await rm(folder, { recursive: true, force: true })
})

/** Runs `api`, which has to succeed without a word on stderr. */
async function api(...words) {
  const input = typeof words.at(-1) === 'object' ? words.pop() : {}
  const { code, stdout, stderr, bytes } = await run(['api', ...words], { env, ...input })
  assert.deepEqual([code, stderr], [0, ''], words.join(' '))
  return { stdout, bytes }
}

const parsed = async (...words) => JSON.parse((await api(...words)).stdout)

test('a path alone is read with GET, and printed as one line of JSON', async () => {
  const { stdout } = await api('/jobs?limit=1')
  assert.equal(stdout.trimEnd().split('\n').length, 1)
  assert.equal(JSON.parse(stdout).content.length, 1)
})

test('the method may have small letters, and a field may fill a placeholder', async () => {
  const { id } = (await parsed('/jobs?limit=1')).content[0]
  assert.equal((await parsed('get', '/jobs/{id}', '-f', `id=${id}`)).id, id)
  assert.equal(sandbox.requests().at(-1).path, `/jobs/${id}`)
})

test('fields are the query of a GET, and the body of a POST', async () => {
  await api('/candidates', '-f', 'limit=2', '-f', 'tag=a', '-f', 'tag=b')
  assert.equal(new URLSearchParams(sandbox.requests()[0].query).toString(), 'limit=2&tag=a&tag=b')
  const words = [
    'firstName=Ada',
    'lastName=Lovelace',
    'email=ada@example.com',
    'location.city=London',
    'tags=a',
    'tags=b',
  ]
  const created = await parsed('POST', '/candidates', ...words.flatMap(word => ['-f', word]), '-f', 'internal:=true')
  assert.ok(created.id)
  assert.deepEqual(await sandbox.requests()[1].json(), {
    firstName: 'Ada',
    lastName: 'Lovelace',
    email: 'ada@example.com',
    location: { city: 'London' },
    tags: ['a', 'b'],
    internal: true,
  })
})

test('--input sends a file or stdin as it is', async () => {
  const body = '{ "firstName": "Ada",\n "lastName": "Lovelace", "email": "ada@example.com" }'
  const file = join(folder, 'candidate.json')
  await writeFile(file, body)
  await api('POST', '/candidates', '--input', file)
  await api('POST', '/candidates', '--input', '-', { input: body })
  for (const request of sandbox.requests()) {
    assert.equal(await request.text(), body)
    assert.equal(request.headers['content-type'], 'application/json')
  }
})

test('-F uploads a file, with its name and type; only -F reads files', async () => {
  const [{ id, primaryAssignment }] = (await parsed('/candidates?limit=1')).content
  const jobId = primaryAssignment.job.id
  const file = join(folder, 'cv.pdf')
  await writeFile(file, '%PDF-1.7')
  const path = `/candidates/${id}/jobs/${jobId}/attachments`
  await api('POST', path, '-F', 'attachmentType=RESUME', '-F', `file=@${file}`, '-f', `note=@${file}`)
  const sent = await sandbox.requests().at(-1).text()
  assert.match(sent, /name="attachmentType"\r\n\r\nRESUME\r\n/)
  assert.match(sent, /name="file"; filename="cv.pdf"\r\ncontent-type: application\/pdf\r\n\r\n%PDF-1.7\r\n/i)
  assert.match(sent, /name="note"\r\n\r\n@/)
})

test('--paginate prints one array', async () => {
  const jobs = await parsed('/jobs', '--paginate')
  assert.equal(jobs.length, JOBS)
  assert.equal(new Set(jobs.map(({ id }) => id)).size, JOBS)
})

test('a list that fails on the way prints nothing, except the lines that are already there', async () => {
  const failing = { kind: 'status', endpoint: 'GET /jobs', status: 400, after: 1 }
  for (const [words, printed] of [
    [['--paginate'], false],
    [['--paginate', '--ndjson'], true],
  ]) {
    const fault = sandbox.fault(failing)
    const { code, stdout, stderr } = await run(['api', '/jobs', ...words], { env })
    fault.clear()
    assert.equal(code, 1, stderr)
    assert.equal(stdout !== '', printed)
    for (const line of stdout.split('\n').slice(0, -1)) assert.ok(JSON.parse(line).id)
  }
})

test('--ndjson prints the items of a page before the next page has arrived', async () => {
  const hold = sandbox.fault({ kind: 'hold', endpoint: 'GET /jobs', after: 1 })
  const child = start(['api', '/jobs', '--paginate', '--ndjson'], { env })
  const closed = once(child, 'close')
  let text = ''
  child.stdout.on('data', chunk => {
    text += chunk
  })
  while (text.split('\n').length <= 100) await once(child.stdout, 'data')
  assert.equal(text.trimEnd().split('\n').length, 100)
  hold.clear()
  await closed
  assert.equal(text.trimEnd().split('\n').length, JOBS)
})

test('--fields picks, also inside of objects and lists', async () => {
  const fields = ['--fields', 'title,location.city']
  const jobs = await parsed('/jobs', '--paginate', ...fields)
  assert.deepEqual(Object.keys(jobs[0]), ['title', 'location'])
  assert.deepEqual(Object.keys(jobs[0].location), ['city'])
  const page = await parsed('/jobs', '-f', 'limit=2', '-f', 'sort=job_id', ...fields)
  assert.deepEqual(page, jobs.slice(0, 2))
})

test('fields that no item has are named on stderr', async () => {
  for (const format of [[], ['--ndjson'], ['--csv'], ['--csv', '--query', '[:1]']]) {
    const words = ['api', '/jobs', '--paginate', ...format, '--fields', 'id,nosuch,location.town']
    const { code, stdout, stderr } = await run(words, { env })
    assert.deepEqual([code, stderr], [0, 'Of --fields, no item has nosuch, location.town.\n'], words.join(' '))
    assert.doesNotMatch(stdout, /Of --fields/)
  }
  assert.equal((await api('/jobs?q=none-of-them', '--query', 'content[:0]', '--fields', 'nosuch')).stdout, '[]\n')
})

test('--query applies to the whole result in every mode', async () => {
  const query = ['--query', 'sort_by(@, &title)[-2:].{title: title, city: location.city}']
  const two = await parsed('/jobs', '--paginate', ...query)
  assert.equal(two.length, 2)
  const { stdout: lines } = await api('/jobs', '--paginate', '--ndjson', ...query)
  assert.deepEqual(
    lines
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line)),
    two,
  )
  const { stdout: table } = await api('/jobs', '--paginate', '--csv', ...query)
  assert.equal(table.split('\r\n')[0], 'title,city')
  assert.equal(table.split('\r\n').length, 4)
  assert.equal(await parsed('/jobs', '--paginate', '--query', 'length(@)'), JOBS)
})

test('no cell of --csv is a formula', async t => {
  const hostile = [
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '＝1',
    '"=1"',
    'a,b',
    'line\nbreak',
    '=HYPERLINK("x";"y")',
  ]
  const own = await startSandbox({
    data: { candidates: hostile.map((firstName, at) => ({ id: `c${at}`, firstName, n: -5 })) },
  })
  t.after(() => own.close())
  for (const fields of [[], ['--fields', 'id,firstName,n']]) {
    const words = ['api', '/candidates', '--paginate', '--csv', ...fields]
    const { code, stdout } = await run(words, { env: sandboxVariables(own) })
    assert.equal(code, 0)
    const rows = parseCsv(stdout)
    assert.deepEqual(rows[0], ['id', 'firstName', 'n'])
    for (const [at, name] of hostile.entries()) {
      const cell = rows[at + 1][1]
      assert.ok(cell === name || cell === `'${name}`, cell)
      assert.doesNotMatch(cell, /^[=+\-@\t\r＝]/)
      assert.equal(rows[at + 1][2], '-5')
    }
  }
})

test('--include prints the status and the headers on stderr, also of a failure', async () => {
  const good = await run(['api', '/jobs?limit=1', '--include'], { env })
  assert.equal(JSON.parse(good.stdout).content.length, 1)
  assert.match(good.stderr, /^HTTP 200\n(.*\n)*content-type: application\/json/)
  const bad = await run(['api', '/jobs/none', '--include'], { env })
  assert.equal(bad.stdout, '')
  assert.match(bad.stderr, /^HTTP 404\n(.*\n)*x-request-id: .*\n(.*\n)*smartrecruiters: 404 GET/)
})

test('an answer that is not JSON is printed byte by byte', async () => {
  const bytes = Uint8Array.from({ length: 300_000 }, (_, at) => at % 256)
  const route = sandbox.route('GET', '/own/file', () => ({
    headers: { 'content-type': 'application/octet-stream' },
    body: Buffer.from(bytes),
  }))
  const printed = await api('/own/file')
  assert.deepEqual(new Uint8Array(printed.bytes), bytes)
  const { code, stdout, stderr } = await run(['api', '/own/file', '--fields', 'a'], { env })
  route.clear()
  assert.deepEqual([code, stdout], [1, ''])
  assert.match(stderr, /not JSON, but application\/octet-stream/)
})

test('an empty answer prints nothing', async () => {
  const route = sandbox.route('DELETE', '/own/thing', () => undefined)
  assert.equal((await api('DELETE', '/own/thing')).stdout, '')
  route.clear()
})

test('--can asks the table: exit code 5 for no, and the scopes that are needed', async () => {
  const client = { SMARTRECRUITERS_API_KEY: '', SMARTRECRUITERS_CLIENT_ID: sandbox.client.clientId }
  const variables = { ...env, ...client, SMARTRECRUITERS_CLIENT_SECRET: sandbox.client.clientSecret }
  const named = sandbox.fault({
    kind: 'merge',
    path: '/identity/oauth/token',
    fields: { scope: 'jobs_read' },
    times: 2,
  })
  const yes = await run(['api', '/jobs/123', '--can'], { env: variables })
  const no = await run(['api', 'DELETE', '/candidates/1', '--can'], { env: variables })
  named.clear()
  assert.deepEqual([yes.code, JSON.parse(yes.stdout).allowed], [0, true])
  assert.deepEqual([no.code, JSON.parse(no.stdout).allowed], [5, false])
  assert.deepEqual(JSON.parse(no.stdout).scopes, ['candidates_manage'])
  const unknown = await run(['api', '/jobs', '--can'], { env })
  assert.deepEqual([unknown.code, JSON.parse(unknown.stdout).allowed], [0, null])
  assert.equal(sandbox.requests().filter(({ path }) => !path.includes('token')).length, 0)
})

test('--timeout gives up, with the exit code of what may be repeated', async () => {
  const hold = sandbox.fault({ kind: 'hold', endpoint: 'GET /jobs' })
  const { code, stdout, stderr } = await run(['api', '/jobs', '--timeout', '0.2'], { env })
  hold.clear()
  assert.deepEqual([code, stdout], [3, ''])
  assert.match(stderr, /timed out after 200 ms/)
})

test('what is wrong on the command line is refused before anything is sent', async () => {
  for (const words of [
    [],
    ['GET'],
    ['GET', '/jobs', '/more'],
    ['/jobs', '--ndjson', '--csv'],
    ['/jobs', '--fields', 'a,,b'],
    ['/jobs', '--query', 'a['],
    ['/jobs', '-f', 'nothing'],
    ['/jobs', '-f', 'a:={'],
    ['/jobs', '-f', 'a:={}'],
    ['/jobs/{id}'],
    ['/jobs', '--input', '-'],
    ['/jobs', '-F', 'a=b'],
    ['POST', '/jobs', '-f', 'a=b', '--input', '-'],
    ['POST', '/jobs', '-f', 'a=b', '-f', 'a.b=c'],
    ['POST', '/jobs', '-F', 'a=@/does/not/exist'],
    ['POST', '/jobs', '--input', '/does/not/exist'],
    ['POST', '/jobs', '--paginate'],
    ['/jobs', '--paginate', '--include'],
    ['/jobs', '-H', 'nothing'],
    ['/jobs', '-H', 'a b: c'],
    ['/jobs', '-H', 'authorization: Bearer x'],
    ['https://elsewhere.example/jobs'],
    ['/jobs', '--environment', 'mars'],
    ['/jobs', '--timeout', 'soon'],
    ['/jobs', '--timeout', '0'],
    ['/jobs', '--environment', 'sandbox', '--base-url', 'http://localhost:1'],
  ]) {
    const { code, stdout, stderr } = await run(['api', ...words], { env })
    assert.equal(code, 2, `${words.join(' ')}: ${stderr}`)
    assert.equal(stdout, '')
    assert.match(stderr, /^smartrecruiters: ./)
  }
  assert.deepEqual(sandbox.requests(), [])
})

/** Parses CSV (RFC 4180). */
function parseCsv(text) {
  const rows = [['']]
  let quoted = false
  for (let at = 0; at < text.length; at += 1) {
    const row = rows.at(-1)
    if (quoted && text.startsWith('""', at)) {
      row[row.length - 1] += '"'
      at += 1
    } else if (text[at] === '"') quoted = !quoted
    else if (!quoted && text[at] === ',') row.push('')
    else if (!quoted && text.startsWith('\r\n', at)) {
      rows.push([''])
      at += 1
    } else row[row.length - 1] += text[at]
  }
  return rows.slice(0, -1)
}
