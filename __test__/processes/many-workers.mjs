import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const WORKERS = 8
const CALLS = 10

if (isMainThread) {
  const [baseUrl, apiKey] = process.argv.slice(2)
  // The main thread never loads the addon: it comes and goes with the workers.
  const counts = await Promise.all(
    Array.from({ length: WORKERS }, async () => {
      const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { baseUrl, apiKey } })
      const [[count], [code]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
      if (code !== 0) throw new Error(`a worker ended with ${code}`)
      return count
    }),
  )
  console.log(`${counts.length} workers, ${counts.reduce((sum, count) => sum + count, 0)} answers`)
} else {
  const { ApiKey, SmartRecruiters } = await import('smartrecruiters')
  const sr = new SmartRecruiters({
    credential: new ApiKey(workerData.apiKey),
    baseUrl: workerData.baseUrl,
    limits: false,
  })
  const answers = await Promise.all(Array.from({ length: CALLS }, () => sr.get('/echo')))
  parentPort.postMessage(answers.length)
}
