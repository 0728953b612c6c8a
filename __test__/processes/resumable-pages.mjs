import { writeSync } from 'node:fs'
import { ApiKey, SmartRecruiters } from 'smartrecruiters'

// Writes a line for each item of a list: its id, and the cursor after it.
const [baseUrl, apiKey, path, limit, from] = process.argv.slice(2)
const sr = new SmartRecruiters({ credential: new ApiKey(apiKey), baseUrl, limits: false })
const list = sr.paginate(path, { query: { limit }, ...(from && { from }) })
for await (const { id } of list) writeSync(1, `${id} ${list.cursor}\n`)
