import { ApiKey, SmartRecruiters } from 'smartrecruiters'

const [baseUrl, apiKey] = process.argv.slice(2)
const sr = new SmartRecruiters({ credential: new ApiKey(apiKey), baseUrl })
// Nothing but the call itself holds the process.
sr.get('/echo').then(seen => console.log(seen.method))
