/** The server of a lane: a sandbox in a process of its own. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { environment } from '../processes.mjs'

const program = fileURLToPath(new URL('../../packages/sandbox/dist/bin.js', import.meta.url))
const PAGE = 100

/** Starts a sandbox with `rows` jobs and as many candidates. It works for `work` milliseconds on each request. */
export async function startSandbox({ flags, rows, work }) {
  const sizes = ['--jobs', String(rows), '--candidates', String(rows)]
  const args = [program, '--json', ...sizes, ...flags]
  const child = spawn(process.execPath, args, { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] })
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`the sandbox ended with exit code ${code}`)
  })
  failed.catch(() => {})
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), failed])
  const { baseUrl, apiKey } = JSON.parse(line)

  const answer = async (path, init) => {
    const response = await fetch(baseUrl + path, init)
    if (!response.ok) throw new Error(`the sandbox answered ${path} with ${response.status}`)
    return response.status === 204 ? undefined : response.json()
  }
  const post = (path, body) =>
    answer(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  await post('/_sandbox/faults', { kind: 'delay', ms: work, times: 'Infinity' })
  return {
    baseUrl,
    counters: () => answer('/_sandbox/counters'),
    /** Counts anew, and makes a credential whose windows are empty. */
    async freshCredential() {
      await post('/_sandbox/reset', {})
      return post('/_sandbox/credentials', { type: 'apiKey' })
    },
    /** The ids of `count` records that may be read. */
    async ids(list, count) {
      const ids = []
      let cursor = ''
      while (ids.length < count) {
        const query = `limit=${PAGE}&sort=job_id${cursor}`
        const page = await answer(`/${list}?${query}`, { headers: { 'x-smarttoken': apiKey } })
        ids.push(...page.content.map(({ id }) => id).filter(id => !id.startsWith('denied-')))
        cursor = `&pageId=${encodeURIComponent(page.nextPageId)}`
      }
      return ids.slice(0, count)
    },
    stop: () => child.kill('SIGTERM'),
  }
}
