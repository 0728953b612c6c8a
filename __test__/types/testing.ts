/** The bridge takes every `fetch` that people have, and nothing else. */

import type * as testing from 'smartrecruiters/testing'
import { startBridge } from 'smartrecruiters/testing'
import * as undici from 'undici'
import { type AnyIn, type Equal, holds } from './assertions.js'

holds<Equal<AnyIn<typeof testing>, never>>()
holds<Equal<AnyIn<testing.BridgeOptions>, never>>()
holds<Equal<AnyIn<testing.Bridge>, never>>()

startBridge()
startBridge({ fetch })
startBridge({ fetch: undici.fetch })
startBridge({ fetch: (url, init) => fetch(url, { ...init, keepalive: true }) })
startBridge({ fetch: (url, init) => undici.fetch(url, { ...init, dispatcher: new undici.MockAgent() }) })
startBridge({ fetch: async (url, { method, body }) => Response.json({ url, method, body: typeof body }) })
startBridge({ environment: 'sandbox', onError: ({ method, url, error }) => console.error(method, url, error) })

// @ts-expect-error: no answer
startBridge({ fetch: async () => ({ status: 200 }) })
// @ts-expect-error: no such environment
startBridge({ environment: 'staging' })

export async function uses(): Promise<string> {
  await using bridge: testing.Bridge = await startBridge()
  return bridge.baseUrl
}
