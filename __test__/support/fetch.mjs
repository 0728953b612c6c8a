/** The sandbox that a file of tests calls by `sr.fetch`, and what both send it. It ends with the file. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after } from 'node:test'
import { ApiKey, SmartRecruiters } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'

export const MiB = 1024 * 1024

export const sandbox = await startSandbox({ limits: false, jobs: 20, candidates: 20 })
export const sr = new SmartRecruiters({
  credential: new ApiKey(sandbox.apiKey),
  baseUrl: sandbox.baseUrl,
  limits: false,
})
after(() => sandbox.close())

export const sha256 = bytes => createHash('sha256').update(bytes).digest('hex')

/** What the sandbox has seen of a call. */
export async function echo(input, init) {
  const response = await sr.fetch(input, init)
  assert.equal(response.status, 200)
  return response.json()
}

/** What the platform's own `fetch` sends for the same arguments. */
export async function platformEcho(init) {
  const request = new Request(`${sandbox.baseUrl}/echo`, init)
  request.headers.set('x-smarttoken', sandbox.apiKey)
  return (await fetch(request)).json()
}

/** A candidate, and a job to attach files for. */
export async function firstCandidate() {
  const [job] = (await sr.get('/jobs', { query: { limit: 1 } })).content
  const [candidate] = (await sr.get('/candidates', { query: { limit: 1 } })).content
  return { id: candidate.id, jobId: job.id }
}
