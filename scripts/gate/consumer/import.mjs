// What a user's program does first, as an ES module: a call, with an answer and with an error.

import { ApiKey, NotFoundError, SmartRecruiters } from 'smartrecruiters'
import { startBridge } from 'smartrecruiters/testing'

const { SANDBOX_URL: baseUrl, SANDBOX_KEY: key } = process.env
const sr = new SmartRecruiters({ credential: new ApiKey(key), baseUrl })
const { content } = await sr.get('/jobs', { query: { limit: 1 } })
const error = await sr.get('/jobs/{id}', { params: { id: 'none' } }).catch(error => error)
if (content.length === 1 && error instanceof NotFoundError && typeof startBridge === 'function') console.log('done')
