/** Where the browser may be sent: nothing that an address contains may lead it to another site. */

/**
 * Returns the path that `address` leads to on `origin`, with its query and fragment; `undefined` if it leads elsewhere.
 * The URL parser decides that, as it does in browsers, since it knows every spelling that they understand.
 */
export function pathOn(origin: string, address: string): string | undefined {
  if (!URL.canParse(address, origin)) return undefined
  const url = new URL(address, origin)
  // The protocol is compared too: `blob:https://app.example/…` has the origin of the URL inside it.
  if (url.origin !== origin || url.protocol !== new URL(origin).protocol) return undefined
  // Without its origin, a path of two slashes would be the name of a host.
  return url.pathname.startsWith('//') ? undefined : url.pathname + url.search + url.hash
}

/** The domain of SmartRecruiters. */
const VENDOR = 'smartrecruiters.com'

/**
 * Returns the address if it leads to SmartRecruiters, or to `origin`, which is that of a local sandbox. Returns
 * `undefined` otherwise.
 */
export function vendorUrl(address: string, origin: string | undefined): string | undefined {
  if (!URL.canParse(address)) return undefined
  const url = new URL(address)
  if (url.username !== '' || url.password !== '') return undefined
  const isVendor = url.hostname === VENDOR || url.hostname.endsWith(`.${VENDOR}`)
  const isLocal = origin !== undefined && url.origin === origin && /^https?:$/.test(url.protocol)
  return isLocal || (isVendor && url.protocol === 'https:' && url.port === '') ? url.href : undefined
}
