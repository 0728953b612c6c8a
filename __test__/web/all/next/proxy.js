import { NextResponse } from 'next/server'

export const config = { matcher: ['/global-raw', '/route-raw', '/before'] }

/** Next.js gives this a copy of the body, and the route another one. */
export async function proxy(request) {
  await request.arrayBuffer()
  return NextResponse.next()
}
