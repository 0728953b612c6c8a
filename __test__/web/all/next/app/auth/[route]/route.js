import { login } from '../../../../../handlers.mjs'

export const dynamic = 'force-dynamic'
const answer = async request => (await login(request)) ?? new Response(null, { status: 404 })

export { answer as DELETE, answer as GET, answer as HEAD, answer as POST }
