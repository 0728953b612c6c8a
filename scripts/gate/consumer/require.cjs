// What a user's program does first, as CommonJS: a call, with an answer and with an error.

const { ApiKey, NotFoundError, SmartRecruiters } = require('smartrecruiters')
const { startBridge } = require('smartrecruiters/testing')

async function main() {
  const { SANDBOX_URL: baseUrl, SANDBOX_KEY: key } = process.env
  const sr = new SmartRecruiters({ credential: new ApiKey(key), baseUrl })
  const { content } = await sr.get('/jobs', { query: { limit: 1 } })
  const error = await sr.get('/jobs/{id}', { params: { id: 'none' } }).catch(error => error)
  if (content.length === 1 && error instanceof NotFoundError && typeof startBridge === 'function') console.log('done')
}

main()
