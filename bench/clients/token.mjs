/** A cached token of the benchmark's server, as an application would keep one by itself. */

/** Resolves with the token, which is exchanged when there is none or it is about to expire. */
export function tokenCache(exchange) {
  let token
  let expiresAt = 0
  let pending
  return async () => {
    if (Date.now() < expiresAt - 60_000) return token
    pending ??= exchange().finally(() => {
      pending = undefined
    })
    const answer = await pending
    token = answer.access_token
    expiresAt = Date.now() + answer.expires_in * 1000
    return token
  }
}
