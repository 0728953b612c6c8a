// Webhooks over servers of every kind, with a body parser in every place where people put one; `web/webhooks/receiver.mjs`
// says what each order means. CI starts the light ones, the nightly run with WEB_FRAMEWORKS=all the others, too.

import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { Webhooks } from 'smartrecruiters/web'
import { frameworkCommand, HEAVY, installFrameworks, LIGHT } from './support/frameworks.mjs'
import { freePort, startProgram } from './support/programs.mjs'
import { listen } from './support/servers.mjs'
import { SECRET } from './support/webhooks.mjs'

const ACCEPTED = { status: 202, says: /^$/ }
/** It is not the 408 of a body that never arrives: it is answered before that could be known. */
const PARSED_FIRST = {
  status: 500,
  says: /before it reached the handler[\s\S]*app\.use\('\/webhooks'/,
  reason: 'bodyConsumed',
}
const REWRITTEN = { status: 401, says: /^refused: noMatch$/, reason: 'noMatch' }

/** The app hands the handler what it has read, or the handler comes first. */
const OF_REQUESTS = {
  before: PARSED_FIRST,
  after: ACCEPTED,
  'global-raw': PARSED_FIRST,
  'route-raw': ACCEPTED,
  rewritten: REWRITTEN,
}
/** `toNodeHandler` takes the stream alone: what middleware has read is not there any more. */
const OF_MIDDLEWARE = { ...OF_REQUESTS, 'route-raw': PARSED_FIRST, rewritten: PARSED_FIRST }
/** The plugin has parsers of its own, so those of the app do not matter. */
const OF_FASTIFY = {
  before: ACCEPTED,
  after: ACCEPTED,
  'global-raw': ACCEPTED,
  'route-raw': ACCEPTED,
  rewritten: PARSED_FIRST,
}

const EXPECTED = {
  http: OF_REQUESTS,
  express: OF_MIDDLEWARE,
  fastify: OF_FASTIFY,
  hono: OF_REQUESTS,
  // NestJS with `rawBody` reads the body after what `app.use` has added.
  'nest-express': { ...OF_MIDDLEWARE, 'global-raw': ACCEPTED },
  'nest-fastify': OF_FASTIFY,
  bun: OF_REQUESTS,
  deno: OF_REQUESTS,
  // Its proxy gets a copy of the body.
  next: { ...OF_REQUESTS, 'global-raw': ACCEPTED },
}

const vendor = new Webhooks({ secrets: SECRET })

for (const name of LIGHT) suite(name, port => frameworkCommand(name, { kind: 'webhooks', port }))

if (HEAVY.length > 0) {
  let folder
  before(async () => {
    folder = await installFrameworks()
  })
  after(() => rm(folder, { recursive: true, force: true }))
  for (const name of HEAVY) suite(name, port => frameworkCommand(name, { kind: 'webhooks', folder, port }))
}

function suite(name, commandOf) {
  describe(name, () => {
    const closing = []
    const context = { after: close => closing.unshift(close) }
    const reports = []
    let arrived = () => {}
    let origin

    before(async () => {
      const port = await freePort()
      origin = `http://127.0.0.1:${port}`
      const reporting = createServer(async (request, response) => {
        let body = ''
        for await (const part of request) body += part
        reports.push(JSON.parse(body))
        response.end()
        arrived()
      })
      const settings = { secret: SECRET, reportUrl: `http://127.0.0.1:${await listen(context, reporting)}/` }
      // The server of Next.js loads the handlers of the login, too.
      const env = { ...process.env, PORT: String(port), WEB_SETTINGS: JSON.stringify(settings) }
      await startProgram(context, port, ...commandOf(port), { env })
    })
    after(async () => {
      for (const close of closing) await close()
    })

    /** What the server reports next. */
    async function reported() {
      while (reports.length === 0) {
        await new Promise(resolve => {
          arrived = resolve
        })
      }
      return reports.shift()
    }

    for (const [order, { status, says, reason }] of Object.entries(EXPECTED[name])) {
      test(`${order}: ${status}`, async () => {
        // JSON that is parsed and written again has other bytes than this.
        const payload = '{ "id": "\\u00e9", "amount": 1.0 }'
        const { headers, body } = vendor.sign({ id: `${name}-${order}`, name: 'job.created', payload })
        const answer = await fetch(`${origin}/${order}`, { method: 'POST', headers, body })
        const text = (await answer.text()).trim()
        assert.equal(answer.status, status, text)
        assert.match(text, says)
        assert.ok(!text.includes(SECRET))
        assert.deepEqual(await reported(), reason ? { refused: reason } : { handled: `${name}-${order}` })
        assert.deepEqual(reports, [])
      })
    }
  })
}
