import { ApiKey, SmartRecruiters } from 'smartrecruiters'

// One call with the connection options given, in an environment that its caller made; prints what came of it.
const { path = '/jobs', ...options } = JSON.parse(process.argv[2])
try {
  const sr = new SmartRecruiters({ credential: new ApiKey('key'), retries: 0, ...options })
  console.log(JSON.stringify({ data: await sr.get(path) }))
} catch (error) {
  console.log(JSON.stringify({ error: { ...error.toJSON(), shown: String(error.stack) } }))
}
