import { ApiKey, SmartRecruiters } from 'smartrecruiters'

const [baseUrl, apiKey] = process.argv.slice(2)
const sr = new SmartRecruiters({ credential: new ApiKey(apiKey), baseUrl })
const controller = new AbortController()
const call = sr.get('/echo', { signal: controller.signal })
controller.abort()
call.catch(error => console.log(error.name))
