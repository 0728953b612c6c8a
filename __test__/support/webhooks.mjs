/** Webhook requests, and receivers of them. */

import { Webhooks } from 'smartrecruiters/web'

export const SECRET = 'canary-secret-key-of-the-subscription'
export const URL_OF_RECEIVER = 'https://app.example.com/webhooks'

/** A receiver that is closed when the test ends. `errors` has what it reported. */
export function startReceiver(t, options = {}) {
  const errors = []
  const webhooks = new Webhooks({
    secrets: SECRET,
    onError: (error, context) => void errors.push({ error, ...context }),
    ...options,
  })
  t.after(() => webhooks.close())
  return { webhooks, errors, handler: webhooks.handler() }
}

/** A signed request, with what is given in place of what it has. */
export function signedRequest(webhooks, { headers = {}, body, method = 'POST', url = URL_OF_RECEIVER, ...event } = {}) {
  const signed = webhooks.sign({ name: 'job.created', payload: { id: 'job-1' }, ...event })
  return new Request(url, { method, headers: { ...signed.headers, ...headers }, body: body ?? signed.body })
}

/** The next `count` calls of a listener, as a promise. */
export function calls(count) {
  const seen = []
  const { promise, resolve } = Promise.withResolvers?.() ?? withResolvers()
  const listener = context => {
    seen.push(context)
    if (seen.length === count) resolve(seen)
  }
  return { listener, seen, all: promise }
}

function withResolvers() {
  let resolve
  const promise = new Promise(settle => {
    resolve = settle
  })
  return { promise, resolve }
}
