// The receiver that every server of this folder serves. Each path has another order of the handler and a body parser:
//
// - `before`: the body is parsed before the handler gets the request, as people do by mistake.
// - `after`: the handler comes first, and the app parses bodies after it.
// - `global-raw`: something for the whole server reads bodies as bytes, such as for a log.
// - `route-raw`: the route itself takes the bytes, and hands them to the handler.
// - `rewritten`: the handler gets JSON that was parsed and written again.
//
// What becomes of events is reported to the test over HTTP.

import { Webhooks } from 'smartrecruiters/web'

const { secret, reportUrl } = JSON.parse(process.env.WEB_SETTINGS)

export const port = Number(process.env.PORT)

async function report(what) {
  await fetch(reportUrl, { method: 'POST', body: JSON.stringify(what) })
}

const webhooks = new Webhooks({ secrets: secret, onError: error => report({ refused: error.reason ?? error.message }) })

export const handler = webhooks.handler()

/** Handles events from now on: not on import, because `next build` imports this file too. */
let handling = false
export function handle() {
  if (!handling) webhooks.onAny(({ event }) => report({ handled: event.id }))
  handling = true
}

/** The orders for a server that answers a `Request`. */
export const ANSWERS = {
  async before(request) {
    await request.json()
    return handler(request)
  },
  async after(request) {
    const response = await handler(request.clone())
    await request.json()
    return response
  },
  async 'global-raw'(request) {
    await request.arrayBuffer()
    return handler(request)
  },
  'route-raw': async request => handler(withBody(request, await request.arrayBuffer())),
  rewritten: async request => handler(withBody(request, JSON.stringify(await request.json()))),
}

function withBody({ url, method, headers }, body) {
  return new Request(url, { method, headers, body })
}

/** Answers a request by the order that its path names. */
export async function answer(request) {
  handle()
  const order = new URL(request.url).pathname.slice(1)
  return (await ANSWERS[order]?.(request)) ?? new Response('unknown', { status: 404 })
}
