import { ApiKey, SmartRecruiters } from 'smartrecruiters'

const [baseUrl, apiKey] = process.argv.slice(2)
const sr = new SmartRecruiters({ credential: new ApiKey(apiKey), baseUrl })
console.log((await sr.get('/echo')).method)
