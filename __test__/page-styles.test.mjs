// Each of the vendor's styles of pages, beside a server that records what it was asked: lists that the sandbox does not
// have, and parameters that the vendor's table does not have.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readApi } from '../scripts/generate/read.mjs'
import { failure, serve } from './support/servers.mjs'

const { operations } = readApi()
const rows = (from, to) => Array.from({ length: Math.max(0, to - from) }, (_, index) => ({ id: from + index }))
const ids = list => list.map(({ id }) => id)

/** A server of one list: `answer(query)` is its answer. `asked` are the queries, in order. */
async function listed(t, answer) {
  const asked = []
  const { sr } = await serve(t, (request, response) => {
    const query = Object.fromEntries(new URL(request.url, 'http://x').searchParams)
    asked.push(query)
    const { body, link } = answer(query)
    if (link) response.setHeader('link', `<${link}>; rel="next"`)
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  })
  return { sr, asked }
}

for (const { name, path, query, pages } of operations.filter(({ method, pages }) => method === 'GET' && pages)) {
  test(`${name} is asked for with the parameters of the table, and read to its end`, async t => {
    const { style, parameter, size, sort } = pages
    const { sr, asked } = await listed(t, ({ [parameter]: page = '0' }) => {
      if (style === 'whole') return { body: rows(0, 7) }
      const from = style === 'number' ? Number(page) * 3 : Number(page)
      const content = rows(from, Math.min(from + 3, 7))
      return { body: { content, ...(style === 'cursor' && from + 3 < 7 && { nextPageId: String(from + 3) }) } }
    })
    const items = await sr.paginate(path.replace(/\{\w+\}/g, '7')).toArray()
    assert.deepEqual(ids(items), [0, 1, 2, 3, 4, 5, 6])
    const expected = { ...(size && { [size]: '100' }), ...(sort && { sort }) }
    assert.deepEqual(asked[0], expected)
    const places = { whole: [], cursor: ['3', '6'], offset: ['3', '6', '7'], number: ['1', '2', '3'] }[style]
    assert.deepEqual(
      asked.slice(1),
      places.map(place => ({ ...expected, [parameter]: place })),
    )
    const known = new Set([...query.map(({ name }) => name), 'sort'])
    for (const name of asked.flatMap(Object.keys)) assert.ok(known.has(name), `the table has no ${name}`)
  })
}

const SUBSCRIPTIONS = '/webhooks-api/v201907/subscriptions'
const EVENTS = '/event-management-api/events'

test("a caller's own page is where the list begins", async t => {
  const { sr, asked } = await listed(t, ({ page_id: page = '0', page: number }) => {
    const from = number === undefined ? Number(page) : Number(number) * 2
    return { body: { content: rows(from, Math.min(from + 2, 6)), ...(from < 4 && { nextPageId: String(from + 2) }) } }
  })
  assert.deepEqual(ids(await sr.paginate(SUBSCRIPTIONS, { query: { page_id: 2 } }).toArray()), [2, 3, 4, 5])
  assert.deepEqual(asked.splice(0), [
    { page_id: '2', limit: '100' },
    { limit: '100', page_id: '4' },
  ])
})

test("a caller's own page number is counted on, and a cursor continues from a page with a number", async t => {
  const { sr, asked } = await listed(t, ({ page = '0' }) => {
    return { body: { content: rows(Number(page) * 2, Math.min(Number(page) * 2 + 2, 6)), totalFound: 6 } }
  })
  const query = { pageSize: 2 }
  assert.deepEqual(ids(await sr.paginate(EVENTS, { query: { ...query, page: 1 } }).toArray()), [2, 3, 4, 5])
  assert.deepEqual(
    asked.splice(0).map(({ page }) => page),
    ['1', '2'],
  )
  const list = sr.paginate(EVENTS, { query, prefetch: 0 })
  for (const expected of [0, 1, 2]) assert.equal((await list.next()).value.id, expected)
  asked.splice(0)
  assert.deepEqual(ids(await sr.paginate(EVENTS, { query, from: list.cursor }).toArray()), [3, 4, 5])
  assert.deepEqual(
    asked.map(({ page }) => page),
    ['1', '2'],
  )
})

test('a link takes precedence over the table', async t => {
  const { sr, asked } = await listed(t, ({ at = '0' }) => ({
    body: rows(Number(at), Number(at) + 2),
    ...(Number(at) < 4 && { link: `?at=${Number(at) + 2}` }),
  }))
  assert.deepEqual(ids(await sr.paginate('/configuration/job-properties').toArray()), [0, 1, 2, 3, 4, 5])
  assert.deepEqual(asked, [{}, { at: '2' }, { at: '4' }])
})

test('a server that ignores page numbers does not make a list endless', async t => {
  const { sr, asked } = await listed(t, () => ({ body: { content: rows(0, 100) } }))
  const error = await failure(sr.paginate(EVENTS).toArray())
  assert.equal(error.code, 'PAGINATION')
  assert.match(error.message, /the same page for two places in the list/)
  assert.equal(asked.length, 2)
})
