// What a user's program does first, as an ES module: a call, with an answer and with an error. All entries are one
// package: a class is the same in each.

import { ApiKey, NotFoundError, SmartRecruiters, Webhooks } from 'smartrecruiters'
import { startBridge } from 'smartrecruiters/testing'
import { Webhooks as sameWebhooks } from 'smartrecruiters/web'

const { SANDBOX_URL: baseUrl, SANDBOX_KEY: key } = process.env
const sr = new SmartRecruiters({ credential: new ApiKey(key), baseUrl })
const { content } = await sr.get('/jobs', { query: { limit: 1 } })
const error = await sr.get('/jobs/{id}', { params: { id: 'none' } }).catch(error => error)
const answered = content.length === 1 && error instanceof NotFoundError
if (answered && typeof startBridge === 'function' && Webhooks === sameWebhooks) console.log('done')
