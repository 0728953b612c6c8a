import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { withSandbox } from './support.mjs'

const unlimited = { limits: false }

/** Follows page ids until there is none. `read` takes one page's answer apart. */
async function collect(client, path, { cursor = 'pageId', size = 'limit', perPage = 100, read }) {
  const rows = []
  let next = ''
  let pages = 0
  while (next !== undefined) {
    const url = new URL(path, 'http://x')
    url.searchParams.set(size, String(perPage))
    if (next) url.searchParams.set(cursor, next)
    const answer = await client.get(url.pathname + url.search)
    assert.equal(answer.status, 200)
    const page = read(await answer.json(), answer.headers.get('link'))
    assert.ok(page.rows.length <= perPage)
    rows.push(...page.rows)
    next = page.next
    pages += 1
  }
  return { ids: new Set(rows.map(row => row.id)), rows, pages }
}

const byPageId = body => ({ rows: body.content, next: body.nextPageId })
const nextInLink = (link, cursor = 'pageId') => {
  const target = /^<([^>]+)>; rel="next"$/.exec(link ?? '')?.[1]
  if (target === undefined) return undefined
  const next = new URL(target, 'http://x').searchParams.get(cursor)
  assert.ok(next, `the link has no ${cursor}`)
  return next
}

describe('pages by id', () => {
  const lists = [
    ['/candidates', 120, { read: byPageId, perPage: 50 }],
    ['/jobs?sort=job_id', 60, { read: byPageId, perPage: 25 }],
    ['/user-api/v201804/users', 250, { read: byPageId }],
    ['/audit-api/v201910/audit-events', 450, { read: byPageId, cursor: 'nextPageId' }],
    ['/approvals-api/v201910/approvals', 130, { read: (b, link) => ({ rows: b.content, next: nextInLink(link) }) }],
    [
      '/webhooks-api/v201907/subscriptions',
      45,
      { read: (b, link) => ({ rows: b, next: nextInLink(link, 'page_id') }), cursor: 'page_id', perPage: 20 },
    ],
    [
      '/reporting-api/v201804/reports',
      37,
      {
        read: b => ({ rows: b.content.map(row => ({ id: row.reportId })), next: b.nextPage }),
        cursor: 'page',
        perPage: 10,
      },
    ],
  ]
  for (const [path, total, how] of lists) {
    it(
      `of ${path} lead to all ${total} rows, each once`,
      withSandbox(unlimited, async (_sandbox, client) => {
        const { ids, rows, pages } = await collect(client, path, how)
        assert.equal(rows.length, total)
        assert.equal(ids.size, total)
        assert.ok(pages > 1)
      }),
    )
  }

  it(
    'of job property values are asked for by pageSize',
    withSandbox(unlimited, async (_sandbox, client) => {
      const { content } = await (await client.get('/configuration/job-properties?limit=1')).json()
      const path = `/configuration/job-properties/${content[0].id}/values`
      const { ids } = await collect(client, path, { read: byPageId, size: 'pageSize' })
      assert.equal(ids.size, 300)
    }),
  )

  it(
    'hold characters that must be encoded, and are invalid when they are not',
    withSandbox(unlimited, async (_sandbox, client) => {
      const { nextPageId } = await (await client.get('/candidates')).json()
      for (const character of ['/', '+', '=']) assert.ok(nextPageId.includes(character))
      for (const wrong of [nextPageId, 'nonsense', encodeURIComponent(nextPageId.slice(0, -1))]) {
        const answer = await client.get(`/candidates?pageId=${wrong}`)
        assert.equal(answer.status, 400)
        assert.equal((await answer.json()).errors[0].code, 'INVALID_PAGE_ID')
      }
      const ofOtherRoute = await client.get(`/jobs?pageId=${encodeURIComponent(nextPageId)}`)
      assert.equal(ofOtherRoute.status, 400)
    }),
  )

  it(
    'come in a Link that keeps the query: relative for jobs, absolute for candidates',
    withSandbox(unlimited, async (sandbox, client) => {
      const jobs = await client.get('/jobs?limit=7&sort=job_id&q=a%2Bb')
      assert.match(jobs.headers.get('link'), /^<\/jobs\?limit=7&sort=job_id&q=a%2Bb&pageId=[^>+]+>; rel="next"$/)
      const candidates = await client.get('/candidates')
      assert.ok(candidates.headers.get('link').startsWith(`<${sandbox.baseUrl}/candidates?pageId=`))
    }),
  )
})

describe('/jobs', () => {
  it(
    'lacks rows without sort=job_id, by page id and by offset, and says nothing of it',
    withSandbox(unlimited, async (_sandbox, client) => {
      const { ids } = await collect(client, '/jobs', { read: byPageId, perPage: 20 })
      assert.equal(ids.size, 58)

      const byOffset = []
      for (const offset of [0, 20, 40]) {
        const body = await (await client.get(`/jobs?limit=20&offset=${offset}`)).json()
        assert.equal(body.totalFound, 60)
        byOffset.push(...body.content)
      }
      assert.equal(byOffset.length, 58)
    }),
  )
})

describe('sizes', () => {
  it(
    'are ten when not said, at most a hundred, and never nonsense',
    withSandbox(unlimited, async (_sandbox, client) => {
      const sizeOf = async query => (await (await client.get(`/candidates${query}`)).json()).content.length
      assert.equal(await sizeOf(''), 10)
      assert.equal(await sizeOf('?limit=1000'), 100)
      for (const limit of ['0', '-1', 'x', '1.5'])
        assert.equal((await client.get(`/candidates?limit=${limit}`)).status, 400)
    }),
  )
})

describe('the other styles', () => {
  it(
    'are offsets for offers and public postings, the latter without a credential',
    withSandbox(unlimited, async (sandbox, client) => {
      const offers = await (await client.get('/offers?limit=10&offset=35')).json()
      assert.deepEqual([offers.offset, offers.totalFound, offers.content.length], [35, 40, 5])
      const postings = await (await fetch(`${sandbox.baseUrl}/v1/companies/SandboxCompany/postings?limit=8`)).json()
      assert.deepEqual([postings.limit, postings.totalFound, postings.content.length], [8, 30, 8])
      const unknown = await (await fetch(`${sandbox.baseUrl}/v1/companies/nobody/postings`)).json()
      assert.equal(unknown.totalFound, 0)
    }),
  )

  it(
    'are whole lists: departments in an object, reviews bare',
    withSandbox(unlimited, async (_sandbox, client) => {
      const departments = await (await client.get('/configuration/departments')).json()
      assert.equal(departments.totalFound, departments.content.length)
      assert.ok(Array.isArray(await (await client.get('/interviews-api/v201904/interview-types')).json()))
    }),
  )

  it('are the same at every start', async () => {
    const seen = []
    for (let start = 0; start < 2; start += 1) {
      await withSandbox(unlimited, async (sandbox, client) => {
        const text = await (await client.get('/jobs?sort=job_id&limit=60')).text()
        seen.push(text.replaceAll(sandbox.baseUrl, ''))
      })()
    }
    assert.equal(seen[0], seen[1])
  })
})
