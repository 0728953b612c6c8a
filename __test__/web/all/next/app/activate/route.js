import { activation } from '../../../../handlers.mjs'

export const dynamic = 'force-dynamic'
export const GET = async request => (await activation(request)) ?? new Response(null, { status: 404 })
