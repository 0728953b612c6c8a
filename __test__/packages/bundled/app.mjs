// The program that bundlers take. It has no `await` outside a function, so that it can become CommonJS. Both entries are
// in one bundle, with one instance of each class.

import { ApiKey, NotFoundError, SmartRecruiters, Webhooks } from 'smartrecruiters'
import { Webhooks as sameWebhooks, toNodeHandler } from 'smartrecruiters/web'

async function main() {
  const { SANDBOX_URL: baseUrl, SANDBOX_KEY: key } = process.env
  const sr = new SmartRecruiters({ credential: new ApiKey(key), baseUrl })
  const { content } = await sr.get('/jobs', { query: { limit: 1 } })
  const error = await sr.get('/jobs/{id}', { params: { id: 'none' } }).catch(error => error)
  const answered = content.length === 1 && error instanceof NotFoundError
  if (answered && typeof toNodeHandler === 'function' && Webhooks === sameWebhooks) console.log('done')
}

main()
