import { ApiKey, SmartRecruiters } from 'smartrecruiters'

// Streams `bytes` down or up, and prints how far resident memory rose meanwhile.
const [baseUrl, direction, bytes] = process.argv.slice(2)
const WARM_UP = 64 * 1024 * 1024
const BLOCK = 64 * 1024

const sr = new SmartRecruiters({ credential: new ApiKey('key'), baseUrl, limits: false })
let peak = 0
const sample = () => {
  peak = Math.max(peak, process.memoryUsage.rss())
}

async function down(total) {
  const response = await sr.fetch(`/${total}`)
  let read = 0
  for await (const chunk of response.body) {
    read += chunk.length
    sample()
  }
  return read
}

async function up(total) {
  let left = total
  const body = new ReadableStream({
    pull(controller) {
      sample()
      if (left <= 0) return controller.close()
      // A new one each time, as files give them.
      controller.enqueue(new Uint8Array(Math.min(left, BLOCK)))
      left -= BLOCK
    },
  })
  const response = await sr.fetch('/', { method: 'POST', body, duplex: 'half' })
  return (await response.json()).bytes
}

const stream = { down, up }[direction]
const cold = process.memoryUsage.rss()
await stream(WARM_UP)
const start = process.memoryUsage.rss()
peak = start
const began = performance.now()
const streamed = await stream(Number(bytes))
console.log(JSON.stringify({ streamed, cold, start, peak, seconds: (performance.now() - began) / 1000 }))
