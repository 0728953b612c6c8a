// Workers that are terminated while the core writes to their memory.
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const ROUNDS = 30
const DOWNLOADS = 4

if (isMainThread) {
  const [baseUrl, apiKey] = process.argv.slice(2)
  for (let round = 0; round < ROUNDS; round++) {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { baseUrl, apiKey } })
    // Each time a little later: it ends in the middle of another part.
    for (let parts = 0; parts <= round; parts++) await once(worker, 'message')
    const code = await worker.terminate()
    if (code !== 1) throw new Error(`a worker ended with ${code}`)
  }
  console.log(`${ROUNDS} workers`)
} else {
  const { ApiKey, SmartRecruiters } = await import('smartrecruiters')
  const sr = new SmartRecruiters({
    credential: new ApiKey(workerData.apiKey),
    baseUrl: workerData.baseUrl,
    limits: false,
  })
  const download = async () => {
    const response = await sr.get('/candidates/attachments/size-1000000000').asResponse()
    for await (const part of response.body) parentPort.postMessage(part.byteLength)
  }
  await Promise.all(Array.from({ length: DOWNLOADS }, download))
}
