// What a function as a service does: a call, then the whole process stands still, then a call.

import { once } from 'node:events'
import { ApiKey, SmartRecruiters } from 'smartrecruiters'

const { SANDBOX_URL: baseUrl, SANDBOX_KEY: key } = process.env
const sr = new SmartRecruiters({ credential: new ApiKey(key), baseUrl })
const call = async () => (await sr.get('/jobs', { query: { limit: 1 } })).content.length

if ((await call()) !== 1) throw new Error('no job')
console.log('ready')
await once(process.stdin, 'data')
if ((await call()) !== 1) throw new Error('no job')
console.log('done')
process.exit()
