import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { control, withSandbox } from './support.mjs'

const job = async client => (await (await client.get('/jobs?limit=1&sort=job_id')).json()).content[0]
const candidate = async client => (await (await client.get('/candidates?limit=1')).json()).content[0]

describe('credentials', () => {
  it(
    'are an API key or a bearer token; anything else is answered with 401 in the vendor shape',
    withSandbox({ limits: false }, async (sandbox, client) => {
      const { access_token } = await (await client.token({ grant_type: 'client_credentials' })).json()
      assert.equal((await client.get('/jobs')).status, 200)
      assert.equal((await client.bearer('/jobs', access_token)).status, 200)

      const wrong = [
        {},
        { 'x-smarttoken': 'unknown' },
        { authorization: 'Bearer unknown' },
        { authorization: `Basic ${access_token}` },
        { 'x-smarttoken': sandbox.partnerApiKey },
        { 'x-smarttoken': sandbox.apiKey, authorization: `Bearer ${access_token}` },
      ]
      for (const headers of wrong) {
        const answer = await client.get('/jobs', { headers })
        const body = await answer.json()
        assert.equal(answer.status, 401)
        assert.equal(typeof body.message, 'string')
        assert.deepEqual(Object.keys(body.errors[0]), ['code', 'message'])
        assert.match(answer.headers.get('x-request-id'), /^[0-9a-f-]{36}$/)
      }
    }),
  )

  it(
    'without the scope are answered with 403 PERMISSION_DENIED',
    withSandbox({}, async (sandbox, client) => {
      const { apiKey } = sandbox.addApiKey({ scopes: ['candidates_read'] })
      const answer = await client.get('/jobs', { headers: { 'x-smarttoken': apiKey } })
      assert.equal(answer.status, 403)
      assert.equal((await answer.json()).errors[0].code, 'PERMISSION_DENIED')
    }),
  )

  it(
    'of a partner open the feed, which a customer key does not',
    withSandbox({}, async (sandbox, client) => {
      assert.match(sandbox.partnerApiKey, /^pp-.{61}$/)
      const headers = { 'x-smarttoken': sandbox.partnerApiKey }
      assert.equal((await client.get('/feed/publications', { headers })).status, 200)
      assert.equal((await client.get('/feed/publications')).status, 401)
    }),
  )

  it(
    'are answered with 401 for what nobody may see, however good they are',
    withSandbox({ limits: false }, async (_sandbox, client) => {
      const { content } = await (await client.get('/candidates?limit=100')).json()
      const denied = content.find(({ id }) => id.startsWith('denied-'))
      const paths = ['', '/attachments'].map(rest => `/candidates/${denied.id}${rest}`)
      for (const path of [...paths, `/candidates/attachments/resume-${denied.id}`]) {
        const answer = await client.get(path)
        assert.equal(answer.status, 401)
        assert.equal((await answer.json()).message, 'Candidate access denied')
      }
      const approval = await client.get('/approvals-api/v201910/approvals/denied-1')
      assert.equal(approval.status, 401)
      assert.equal((await approval.json()).errors[0].code, 'UNAUTHORIZED_ACCESS')
    }),
  )
})

describe('users/me', () => {
  it(
    'tells two grants apart, on both paths, and asks for user_me_read or users_read',
    withSandbox({ limits: false }, async (sandbox, client) => {
      const me = async (path, token) => (await (await client.bearer(path, token)).json()).id
      const first = await client.grant()
      const second = await client.grant()
      const id = await me('/user-api/v201804/users/me', first.access_token)
      assert.equal(await me('/users/me', first.access_token), id)
      assert.notEqual(await me('/users/me', second.access_token), id)

      const headersOf = scope => ({ headers: { 'x-smarttoken': sandbox.addApiKey({ scopes: [scope] }).apiKey } })
      const current = '/user-api/v201804/users/me'
      assert.equal((await client.get(current, headersOf('user_me_read'))).status, 200)
      assert.equal((await client.get(current, headersOf('users_read'))).status, 200)
      assert.equal((await client.get(current, headersOf('jobs_read'))).status, 403)
      assert.equal((await client.get('/users/me', headersOf('user_me_read'))).status, 403)
    }),
  )
})

describe('jobs', () => {
  it(
    'are created, read and patched with a JSON patch',
    withSandbox({}, async (_sandbox, client) => {
      const created = await client.send('POST', '/jobs', { title: 'Baker' })
      const { id } = await created.json()
      assert.equal(created.status, 201)
      const operations = [{ op: 'replace', path: '/title', value: 'Pâtissier' }]
      const patched = await client.send('PATCH', `/jobs/${id}`, operations, 'application/json-patch+json')
      assert.equal(patched.status, 200)
      assert.equal((await (await client.get(`/jobs/${id}`)).json()).title, 'Pâtissier')
    }),
  )

  it(
    'refuse a patch that is no JSON patch, a body without a title, and an unknown id',
    withSandbox({}, async (_sandbox, client) => {
      const { id } = await job(client)
      assert.equal((await client.send('PATCH', `/jobs/${id}`, { title: 'x' })).status, 415)
      assert.equal((await client.send('POST', '/jobs', {})).status, 400)
      const missing = await client.get('/jobs/none')
      assert.equal(missing.status, 404)
      assert.deepEqual(await missing.json(), { message: 'Job not found' })
    }),
  )

  it(
    'are published and withdrawn with an empty 204',
    withSandbox({}, async (_sandbox, client) => {
      const { id } = await job(client)
      const published = await client.get(`/jobs/${id}/publication`, { method: 'POST' })
      assert.equal(published.status, 204)
      assert.equal(await published.text(), '')
      const withdrawn = await client.get(`/jobs/${id}/publication`, { method: 'DELETE' })
      assert.equal(withdrawn.status, 204)
    }),
  )
})

describe('candidates', () => {
  it(
    'are created, patched with plain JSON and deleted',
    withSandbox({}, async (_sandbox, client) => {
      const person = { firstName: 'Mary', lastName: 'Jackson', email: 'mary@example.com' }
      const { id } = await (await client.send('POST', '/candidates', person)).json()
      const patched = await client.send('PATCH', `/candidates/${id}`, { lastName: 'J.' })
      assert.deepEqual((({ firstName, lastName }) => [firstName, lastName])(await patched.json()), ['Mary', 'J.'])
      const deleted = await client.get(`/candidates/${id}`, { method: 'DELETE' })
      assert.equal(deleted.status, 204)
      assert.equal((await client.get(`/candidates/${id}`)).status, 404)
    }),
  )

  it(
    'take a known status, and answer an unknown one with an empty 422',
    withSandbox({}, async (_sandbox, client) => {
      const path = `/candidates/${(await candidate(client)).id}/jobs/${(await job(client)).id}/status`
      assert.equal((await client.send('PUT', path, { status: 'HIRED' })).status, 204)
      const refused = await client.send('PUT', path, { status: 'LOST' })
      assert.equal(refused.status, 422)
      assert.equal(await refused.text(), '')
    }),
  )
})

describe('partner integrations', () => {
  it(
    'give a working client for a company, once',
    withSandbox({}, async (sandbox, client) => {
      const { access_token } = await (await client.token({ grant_type: 'client_credentials' }, sandbox.partner)).json()
      const integrate = (companyId, token = access_token) =>
        fetch(`${sandbox.baseUrl}/apps-integrations/partner-api/integrations`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ companyId }),
        })
      const answer = await integrate('acme')
      const customer = await answer.json()
      assert.equal(answer.status, 201)
      const token = await client.token({ grant_type: 'client_credentials' }, customer)
      assert.equal(token.status, 200)

      assert.equal((await integrate('acme')).status, 409)
      assert.equal((await integrate('inactive-corp')).status, 403)
      assert.equal((await integrate(undefined)).status, 400)
      assert.equal((await integrate('other', (await token.json()).access_token)).status, 403)

      sandbox.resetIntegration('acme')
      const anew = await (await integrate('acme')).json()
      assert.notEqual(anew.clientId, customer.clientId)
      assert.deepEqual(await control(sandbox, 'POST', '/reset-integration', { companyId: 'acme' }), {
        status: 204,
        body: undefined,
      })
      assert.equal((await integrate('acme')).status, 201)
      assert.throws(() => sandbox.resetIntegration('nobody'), /"nobody" is not integrated/)
      assert.equal((await control(sandbox, 'POST', '/reset-integration', { companyId: 'nobody' })).status, 400)
    }),
  )
})

describe('probes', () => {
  it(
    'echo the request as it arrived, but for its credential',
    withSandbox({}, async (sandbox, client) => {
      const answer = await client.get('/echo/a%20b/%C3%BC?x=1&x=%2B+', {
        method: 'PUT',
        headers: {
          authorization: `Bearer ${(await (await client.token({ grant_type: 'client_credentials' })).json()).access_token}`,
          'x-own': '1',
        },
        body: 'grüße',
      })
      const seen = await answer.json()
      assert.deepEqual([seen.method, seen.path, seen.rawQuery], ['PUT', '/echo/a%20b/%C3%BC', 'x=1&x=%2B+'])
      assert.equal(seen.headers['x-own'], '1')
      assert.equal(seen.headers.authorization, 'Bearer <redacted>')
      assert.deepEqual([seen.body.bytes, seen.body.text], [7, 'grüße'])
      const withKey = await (await client.get('/echo')).json()
      assert.equal(withKey.headers['x-smarttoken'], '<redacted>')
      assert.equal((await fetch(`${sandbox.baseUrl}/echo`)).status, 401)
    }),
  )

  it(
    'answer JSON of exactly the size asked for',
    withSandbox({}, async (_sandbox, client) => {
      for (const bytes of [11, 12, 65_547, 1_000_000]) {
        const answer = await client.get(`/payload/${bytes}`)
        const text = await answer.text()
        assert.equal(text.length, bytes)
        assert.equal(JSON.parse(text).data.length, bytes - 11)
      }
    }),
  )

  it(
    'redirect wherever they are told',
    withSandbox({}, async (_sandbox, client) => {
      for (const status of [301, 302, 303, 307, 308]) {
        const answer = await client.get(`/redirect/${status}?to=${encodeURIComponent('https://example.com/?a=b c')}`)
        assert.equal(answer.status, status)
        assert.equal(answer.headers.get('location'), 'https://example.com/?a=b c')
      }
      assert.equal((await client.get('/redirect/200?to=/x')).status, 400)
    }),
  )
})
