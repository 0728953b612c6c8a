import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ApiKey, SmartRecruiters } from '../../../index.mjs'
import { startSandbox } from '../index.mjs'
import { operations } from './table.mjs'
import { prepare } from './walk.mjs'

/** The lists that the sandbox imitates for a customer, and their items in the sandbox below. */
const LISTS = {
  'GET /approvals-api/v201910/approvals': 132,
  'GET /audit-api/v201910/audit-events': 450,
  'GET /candidates': 60,
  'GET /configuration/job-properties/{id}/values': 300,
  'GET /configuration/sources/{sourceType}/values': 25,
  'GET /jobs': 60,
  'GET /messages': 26,
  'GET /offers': 40,
  'GET /reporting-api/v201804/reports': 37,
  'GET /reporting-api/v201804/reports/{reportId}/files': 1,
  'GET /user-api/v201804/users': 250,
  'GET /users': 250,
  'GET /v1/companies/{companyIdentifier}/postings': 30,
  'GET /webhooks-api/v201907/subscriptions': 46,
  'GET /webhooks-api/v201907/subscriptions/{id}/callbacks-log': 0,
}

let sandbox
let sr
let request
before(async () => {
  sandbox = await startSandbox({ jobs: 60, candidates: 60, limits: false })
  sr = new SmartRecruiters({ credential: new ApiKey(sandbox.apiKey), baseUrl: sandbox.baseUrl, limits: false })
  request = await prepare(sandbox)
})
after(async () => {
  await sr.close()
  await sandbox.close()
})

/** The URL and status of the request for a list. */
async function urlOf(operation) {
  const { url, status } = await request(operation)
  return { path: url.slice(sandbox.baseUrl.length), status }
}

const paged = operations.filter(({ pages, credential }) => pages && pages.style !== 'whole' && credential !== 'partner')

test('the lists with pages are those of the table', async () => {
  const statuses = await Promise.all(paged.map(async operation => [operation.name, (await urlOf(operation)).status]))
  const imitated = statuses.filter(([, status]) => status === 200).map(([name]) => name)
  assert.ok(statuses.every(([, status]) => status === 200 || status === 501))
  assert.deepEqual(imitated.sort(), [...Object.keys(LISTS), DEPENDENT_VALUES].sort())
})

/** A list of one value, which is its whole first page. */
const DEPENDENT_VALUES = 'GET /configuration/job-properties/{id}/values/{valueId}/dependents/{dependentId}/values'

for (const [name, total] of Object.entries(LISTS)) {
  test(`${name} is read to its end, each row once`, async () => {
    const { path } = await urlOf(operations.find(operation => operation.name === name))
    const rows = []
    for await (const row of sr.paginate(path)) rows.push(row.id ?? row.reportId ?? JSON.stringify(row))
    assert.equal(rows.length, total)
    assert.equal(new Set(rows).size, total)
  })

  if (total < 20) continue
  test(`${name} has pages by the parameters of the table only`, async () => {
    const { pages } = operations.find(operation => operation.name === name)
    const { path } = await urlOf(operations.find(operation => operation.name === name))
    const get = async query => {
      const url = new URL(path, sandbox.baseUrl)
      for (const [parameter, value] of Object.entries(query)) url.searchParams.set(parameter, value)
      const answer = await fetch(url, { headers: { 'x-smarttoken': sandbox.apiKey } })
      return { status: answer.status, body: answer.ok && (await answer.json()) }
    }
    const rowsOf = ({ body }) => body.content ?? body
    const first = rowsOf(await get({}))
    if (pages.size) assert.equal(rowsOf(await get({ [pages.size]: 7 })).length, 7)
    const others = ['limit', 'pageSize'].filter(parameter => parameter !== pages.size)
    for (const parameter of others) assert.equal(rowsOf(await get({ [parameter]: 7 })).length, first.length)
    if (pages.style === 'cursor') assert.equal((await get({ [pages.parameter]: 'wrong' })).status, 400)
    else assert.notDeepEqual(rowsOf(await get({ offset: 5 }))[0], first[0])
    const cursors = ['pageId', 'page_id', 'nextPageId', 'page'].filter(parameter => parameter !== pages.parameter)
    for (const parameter of cursors) assert.equal((await get({ [parameter]: 'wrong' })).status, 200)
  })
}
