/** Records when the requests of 40 calls, all started at once, arrive at a server: `limits.json`, in milliseconds. */

import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { performance } from 'node:perf_hooks'
import { ApiKey, SmartRecruiters } from '../../index.mjs'

const arrivals = []
const server = createServer((_request, response) => {
  arrivals.push(performance.now())
  setTimeout(() => response.setHeader('content-type', 'application/json').end('{}'), 40)
})
await once(server.listen(0, '127.0.0.1'), 'listening')

const baseUrl = `http://127.0.0.1:${server.address().port}`
const sr = new SmartRecruiters({ credential: new ApiKey('key'), baseUrl })
await Promise.all(Array.from({ length: 40 }, (_, id) => sr.get('/jobs/{id}', { params: { id } })))
await sr.close()
server.close()

const times = arrivals.map(time => Math.round(time - arrivals[0]))
writeFileSync(new URL('limits.json', import.meta.url), `${JSON.stringify(times)}\n`)
