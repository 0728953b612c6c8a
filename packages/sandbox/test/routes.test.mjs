import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { withSandbox } from './support.mjs'

const json = async answer => (await answer).json()

describe('a route of your own', () => {
  it(
    'gets the request, decoded, without its secrets',
    withSandbox({}, async (sandbox, client) => {
      const seen = []
      sandbox.route('POST', '/offers/{id}/approvals/{approvalId}', request => {
        seen.push(request)
        return { done: true }
      })
      const answer = await client.send('POST', '/offers/a%2Fb/approvals/2?x=1&x=2+3', { note: 'ja' })
      assert.equal(answer.status, 200)
      assert.match(answer.headers.get('content-type'), /^application\/json/)
      assert.deepEqual(await answer.json(), { done: true })
      const [{ headers, query, ...rest }] = seen
      assert.deepEqual(rest, {
        method: 'POST',
        path: '/offers/a%2Fb/approvals/2',
        params: { id: 'a/b', approvalId: '2' },
        body: { note: 'ja' },
      })
      assert.deepEqual(query.getAll('x'), ['1', '2 3'])
      assert.equal(headers['x-smarttoken'], '<redacted>')
    }),
  )

  it(
    'gets the body as what it says it is',
    withSandbox({ limits: false }, async (sandbox, client) => {
      const bodies = []
      sandbox.route('PUT', '/body', ({ body }) => void bodies.push(body))
      const headers = type => ({ 'x-smarttoken': sandbox.apiKey, ...(type && { 'content-type': type }) })
      for (const [type, body] of [
        ['application/json-patch+json', '[1]'],
        ['application/x-www-form-urlencoded', 'a=1'],
        ['text/plain', 'é'],
        ['application/pdf', Buffer.from([0, 255])],
        [undefined, undefined],
      ]) {
        const answer = await client.get('/body', { method: 'PUT', headers: headers(type), ...(body && { body }) })
        assert.equal(answer.status, 204)
      }
      assert.deepEqual(bodies, [[1], 'a=1', 'é', Buffer.from([0, 255]), undefined])
      const broken = await client.get('/body', { method: 'PUT', headers: headers('application/json'), body: '{' })
      assert.equal(broken.status, 400)
      const long = Buffer.alloc(16 * 1024 * 1024 + 1)
      const refused = await client.get('/body', { method: 'PUT', headers: headers(), body: long })
      assert.equal(refused.status, 413)
      assert.equal(bodies.length, 5)
    }),
  )

  for (const [what, value, status, type, body] of [
    ['an object', { id: '1' }, 200, 'application/json; charset=utf-8', '{"id":"1"}'],
    ['a list', [1], 200, 'application/json; charset=utf-8', '[1]'],
    ['null', null, 200, 'application/json; charset=utf-8', 'null'],
    ['a string', 'text', 200, 'application/json; charset=utf-8', '"text"'],
    ['an object whose status is a word', { status: 'NEW' }, 200, 'application/json; charset=utf-8', '{"status":"NEW"}'],
    ['nothing', undefined, 204, null, ''],
    ['a status', { status: 404 }, 404, null, ''],
    ['a status with JSON', { status: 201, body: { id: 1 } }, 201, 'application/json; charset=utf-8', '{"id":1}'],
    ['text', { body: 'text' }, 200, 'text/plain; charset=utf-8', 'text'],
    ['bytes', { body: Uint8Array.of(97) }, 200, 'application/octet-stream', 'a'],
    ['a type', { headers: { 'Content-Type': 'text/csv' }, body: 'a,b' }, 200, 'text/csv', 'a,b'],
  ]) {
    it(
      `answers with ${what}`,
      withSandbox({}, async (sandbox, client) => {
        sandbox.route('GET', '/own', async () => value)
        const answer = await client.get('/own')
        assert.equal(answer.status, status)
        assert.equal(answer.headers.get('content-type'), type)
        assert.equal(await answer.text(), body)
      }),
    )
  }

  it(
    'may send a header more than once',
    withSandbox({}, async (sandbox, client) => {
      sandbox.route('GET', '/own', () => ({ headers: { 'set-cookie': ['a=1', 'b=2'], 'x-one': '1' }, body: {} }))
      const { headers } = await client.get('/own')
      assert.deepEqual(headers.getSetCookie(), ['a=1', 'b=2'])
      assert.equal(headers.get('x-one'), '1')
    }),
  )

  for (const [what, handler, expected] of [
    ['throws', () => assert.fail('no such offer'), 'no such offer'],
    ['rejects', async () => Promise.reject('no such offer'), 'no such offer'],
    ['gives a status that is none', () => ({ status: 99 }), '"status" must be a whole number from 200 to 599'],
    ['gives what JSON does not have', () => () => {}, 'its answer is a function, which cannot be written as JSON'],
    ['gives a header that is none', () => ({ headers: { 'x-one': 'a\nb' } }), /Invalid character in header content/],
  ]) {
    it(
      `that ${what} is a 500 that says so`,
      withSandbox({}, async (sandbox, client) => {
        sandbox.route('GET', '/offers/{id}', handler)
        const answer = await client.get('/offers/1')
        const { message, errors } = await answer.json()
        assert.equal(answer.status, 500)
        assert.equal(errors[0].code, 'ROUTE_FAILED')
        assert.match(message, /^The route GET \/offers\/\{id\} failed: /)
        assert.match(
          message,
          expected instanceof RegExp ? expected : new RegExp(`${expected.replace(/[()]/g, '\\$&')}$`),
        )
      }),
    )
  }

  it(
    'wins over the routes there are and over earlier ones, until it is cleared',
    withSandbox({ limits: false, data: { jobs: [{ id: '1' }] }, jobs: undefined }, async (sandbox, client) => {
      const first = sandbox.route('GET', '/jobs/{jobId}', ({ params }) => ['first', params])
      assert.deepEqual(await json(client.get('/jobs/1')), ['first', { jobId: '1' }])
      const second = sandbox.route('GET', '/jobs/1', () => 'second')
      assert.equal(await json(client.get('/jobs/1')), 'second')
      assert.deepEqual(await json(client.get('/jobs/2')), ['first', { jobId: '2' }])
      assert.equal((await client.get('/jobs')).status, 200)
      second.clear()
      assert.deepEqual(await json(client.get('/jobs/1')), ['first', { jobId: '1' }])
      first.clear()
      assert.deepEqual(await json(client.get('/jobs/1')), { id: '1' })
    }),
  )

  it(
    'answers HEAD as its GET',
    withSandbox({}, async (sandbox, client) => {
      sandbox.route('GET', '/own', ({ method }) => ({ headers: { 'x-method': method }, body: 'text' }))
      const answer = await client.get('/own', { method: 'HEAD' })
      assert.equal(answer.headers.get('x-method'), 'HEAD')
      assert.equal(answer.headers.get('content-length'), '4')
    }),
  )

  it(
    'needs a credential: any, or that of the route whose place it takes',
    withSandbox({ limits: false }, async (sandbox, client) => {
      sandbox.route('GET', '/own', () => 'in')
      sandbox.route('GET', '/jobs', () => 'in')
      const get = (path, key) => client.get(path, { headers: key ? { 'x-smarttoken': key } : {} })
      assert.equal((await get('/own')).status, 401)
      assert.equal((await get('/own', sandbox.partnerApiKey)).status, 200)
      assert.equal((await get('/jobs', sandbox.partnerApiKey)).status, 401)
      const { apiKey } = sandbox.addApiKey({ scopes: ['candidates_read'] })
      assert.equal((await get('/own', apiKey)).status, 200)
      assert.equal((await get('/jobs', apiKey)).status, 403)
      assert.equal((await get('/jobs', sandbox.apiKey)).status, 200)
    }),
  )

  it(
    'has limits, counters and faults like the others',
    withSandbox({}, async (sandbox, client) => {
      sandbox.route('GET', '/offers/{id}', () => 'in')
      sandbox.fault({ kind: 'status', status: 503, endpoint: 'GET /offers/{id}' })
      const statuses = []
      for (let id = 0; id < 11; id++) statuses.push((await client.get(`/offers/${id}`)).status)
      assert.deepEqual(statuses, [503, ...Array(9).fill(200), 429])
      assert.deepEqual(sandbox.counters().statusesByEndpoint['GET /offers/{id}'], { 200: 9, 429: 1, 503: 1 })
    }),
  )

  it(
    'may take the place of the token endpoint',
    withSandbox({}, async (sandbox, client) => {
      sandbox.route('POST', '/identity/oauth/token', ({ body }) => ({
        access_token: new URLSearchParams(body).get('client_id'),
      }))
      const answer = await client.token({ grant_type: 'client_credentials' })
      assert.deepEqual(await answer.json(), { access_token: sandbox.client.clientId })
    }),
  )

  it(
    'is refused by what is wrong with it',
    withSandbox({}, async sandbox => {
      for (const [name, ...given] of [
        ['method', 'get', '/own', () => {}],
        ['method', undefined, '/own', () => {}],
        ['path', 'GET', 'own', () => {}],
        ['path', 'GET', '/own?a=1', () => {}],
        ['path', 'GET', '/jobs/:id', () => {}],
        ['path', 'GET', '/jobs/a{id}', () => {}],
        ['path', 'GET', '/jobs/*', () => {}],
        ['path', 'GET', '/jobs/{id}/{id}', () => {}],
        ['path', 'GET', '/_sandbox/counters', () => {}],
        ['path', 'GET', /own/, () => {}],
        ['handler', 'GET', '/own', { id: '1' }],
      ]) {
        assert.throws(
          () => sandbox.route(...given),
          error => error instanceof TypeError && error.message.startsWith(`route: "${name}"`),
        )
      }
    }),
  )
})

describe('what the sandbox does not imitate', () => {
  it(
    'is a 501 that names the operation and the way out, and a 404 outside of the API',
    withSandbox({}, async (_sandbox, client) => {
      const answer = await client.send('PUT', '/event-management-api/events/1?a=1', {})
      assert.equal(answer.status, 501)
      const message =
        "The sandbox does not imitate PUT /event-management-api/events/{eventId}; add it with sandbox.route('PUT', '/event-management-api/events/{eventId}', …)"
      assert.deepEqual(await answer.json(), { message, errors: [{ code: 'NOT_IMITATED', message }] })
      const outside = await client.send('POST', '/offers/1/approvals?a=1', {})
      assert.equal(outside.status, 404)
      assert.deepEqual(await outside.json(), {
        message:
          "SmartRecruiters has no operation POST /offers/1/approvals; add it with sandbox.route('POST', '/offers/1/approvals', …)",
      })
    }),
  )

  it(
    'is answered by a route of your own, with the scopes of the operation',
    withSandbox({}, async (sandbox, client) => {
      sandbox.route('PATCH', '/assessment-api/v202010/orders/{orderId}/results', ({ params }) => params)
      const sent = async scope => {
        const form = { grant_type: 'client_credentials' }
        const { access_token } = await (await client.token(form, sandbox.addClient({ scopes: [scope] }))).json()
        const headers = { authorization: `Bearer ${access_token}` }
        return client.get('/assessment-api/v202010/orders/o/results', { method: 'PATCH', headers })
      }
      assert.deepEqual(await json(sent('assessment_result_manage')), { orderId: 'o' })
      const refused = await sent('jobs_read')
      assert.equal(refused.status, 403)
      assert.match((await refused.json()).message, /assessment_result_manage/)
      sandbox.route('GET', '/packages', () => ['a package'])
      const partner = { headers: { 'x-smarttoken': sandbox.partnerApiKey } }
      assert.deepEqual(await json(client.get('/packages', partner)), ['a package'])
      assert.equal((await client.get('/packages')).status, 401)
    }),
  )
})

describe('requests()', () => {
  it(
    'lists what has arrived, with bodies and without credentials',
    withSandbox({}, async (sandbox, client) => {
      await client.send('POST', '/jobs', { title: 'Nurse' })
      await client.get('/jobs', { headers: {} })
      await client.token({ grant_type: 'client_credentials' })
      const requests = sandbox.requests()
      assert.deepEqual(
        requests.map(({ endpoint, credential }) => [endpoint, credential]),
        [
          ['POST /jobs', 'apiKey'],
          ['GET /jobs', undefined],
          ['POST /identity/oauth/token', undefined],
        ],
      )
      assert.deepEqual(await requests[0].json(), { title: 'Nurse' })
      assert.equal(requests[0].headers['x-smarttoken'], '<redacted>')
      assert.deepEqual(await requests[1].bytes(), Buffer.alloc(0))
      assert.match(await requests[2].text(), /^grant_type=client_credentials&client_id=/)
      sandbox.resetCounters()
      assert.deepEqual(sandbox.requests(), [])
    }),
  )

  it(
    'holds the latest 1000',
    withSandbox({ limits: false }, async (sandbox, client) => {
      for (let round = 0; round < 11; round++) {
        await Promise.all(
          Array.from({ length: 100 }, () => client.get(`/jobs?round=${round}`).then(({ body }) => body.cancel())),
        )
      }
      const rounds = sandbox.requests().map(({ query }) => query)
      assert.equal(rounds.length, 1000)
      assert.deepEqual([rounds[0], rounds.at(-1)], ['round=1', 'round=10'])
    }),
  )

  it(
    'says of a long body, and of one that nobody sent to its end, that it is not there',
    withSandbox({}, async (sandbox, client) => {
      const headers = { 'x-smarttoken': sandbox.apiKey }
      await client.get('/echo', { method: 'POST', headers, body: Buffer.alloc(64 * 1024, 'a') })
      await client.get('/echo', { method: 'POST', headers, body: Buffer.alloc(64 * 1024 + 1) })
      const leave = new AbortController()
      const arrived = sandbox.nextRequest()
      const parts = async function* () {
        yield Buffer.from('a part')
        await new Promise(() => {})
      }
      const sending = client.get('/echo', {
        method: 'POST',
        headers,
        body: ReadableStream.from(parts()),
        duplex: 'half',
        signal: leave.signal,
      })
      const last = await arrived
      const body = last.text()
      leave.abort()
      await assert.rejects(sending)
      await assert.rejects(body, /did not arrive completely/)
      const [whole, long] = sandbox.requests()
      assert.equal((await whole.bytes()).length, 64 * 1024)
      await assert.rejects(long.text(), /has 65537 bytes, but only up to 65536 are kept/)
    }),
  )

  it(
    'and nextRequest() show a body before it is answered',
    withSandbox({}, async (sandbox, client) => {
      const hold = sandbox.fault({ kind: 'hold' })
      const arrived = sandbox.nextRequest()
      const answer = client.send('POST', '/jobs', { title: 'Nurse' })
      assert.deepEqual(await (await arrived).json(), { title: 'Nurse' })
      hold.clear()
      assert.equal((await answer).status, 201)
    }),
  )
})
