import { parentPort, workerData } from 'node:worker_threads'
import { ApiKey, SmartRecruiters } from 'smartrecruiters'

const { baseUrl, apiKey, calls } = workerData
const sr = new SmartRecruiters({ credential: new ApiKey(apiKey), baseUrl, limits: false })
const answers = Array.from({ length: calls }, () => sr.get('/payload/20'))
parentPort.postMessage('busy')
await Promise.all(answers)
