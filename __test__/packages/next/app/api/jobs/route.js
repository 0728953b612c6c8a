import { ApiKey, SmartRecruiters } from 'smartrecruiters'

export const dynamic = 'force-dynamic'

export async function GET() {
  const { SANDBOX_URL: baseUrl, SANDBOX_KEY: key } = process.env
  const sr = new SmartRecruiters({ credential: new ApiKey(key), baseUrl })
  const { content } = await sr.get('/jobs', { query: { limit: 1 } })
  return Response.json(content.length)
}
