// The program that bundlers take. It has no `await` outside a function, so that it can become CommonJS.

import { ApiKey, NotFoundError, SmartRecruiters } from 'smartrecruiters'

async function main() {
  const { SANDBOX_URL: baseUrl, SANDBOX_KEY: key } = process.env
  const sr = new SmartRecruiters({ credential: new ApiKey(key), baseUrl })
  const { content } = await sr.get('/jobs', { query: { limit: 1 } })
  const error = await sr.get('/jobs/{id}', { params: { id: 'none' } }).catch(error => error)
  if (content.length === 1 && error instanceof NotFoundError) console.log('done')
}

main()
