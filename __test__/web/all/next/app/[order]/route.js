import { ANSWERS, handle, handler } from '../../../../webhooks/receiver.mjs'

export const dynamic = 'force-dynamic'

export async function POST(request, { params }) {
  handle()
  const { order } = await params
  // `proxy.js` has read the body already.
  return order === 'global-raw' ? handler(request) : ANSWERS[order](request)
}
