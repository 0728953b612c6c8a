import { setImmediate } from 'node:timers/promises'
import { ApiKey, SmartRecruiters } from 'smartrecruiters'

// Aborts calls whose Requests nobody else has any more: one before its answer, one while its body is read. And one whose
// signal was that of another call, of which nothing is left.
const [baseUrl, apiKey] = process.argv.slice(2)
const sr = new SmartRecruiters({ credential: new ApiKey(apiKey), baseUrl })

async function collected() {
  for (let turn = 0; turn < 20; turn++) {
    await setImmediate()
    globalThis.gc()
  }
}

async function abort(call) {
  const controller = new AbortController()
  const answer = call(controller.signal)
  await collected()
  controller.abort()
  const error = await answer.catch(error => error)
  console.log(error.name)
}

await abort(signal => sr.fetch(new Request(`${baseUrl}/held`, { signal })))
await abort(async signal => {
  const response = await sr.fetch(new Request(`${baseUrl}/payload/5000000`, { signal }))
  const reader = response.body.getReader()
  await reader.read()
  await collected()
  while (!signal.aborted) await setImmediate()
  for (;;) if ((await reader.read()).done) return { name: 'the whole body' }
})
await abort(async signal => {
  // Too long to come with its headers.
  await (await sr.fetch('/payload/5000000', { signal })).arrayBuffer()
  return sr.get('/held', { signal })
})
