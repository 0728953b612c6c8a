/** Options of {@link Sandbox.consent}. */
export interface ConsentOptions {
  /** The client id of the app. */
  clientId: string
  /** One of the redirect URIs that are registered for the app. */
  redirectUri: string
  /** The scopes to request, as a list or separated by spaces. Default: the app's own scopes. */
  scope?: string | readonly string[] | undefined
  /** The `state` of the authorization request. Default: none. */
  state?: string | undefined
  /** The S256 code challenge, for PKCE (RFC 7636). Default: no PKCE. */
  codeChallenge?: string | undefined
  /** Whether to press Deny instead of Allow. Default: false. */
  deny?: boolean | undefined
}

/**
 * Opens the consent page and presses a button, as a user's browser would. Resolves with the URL it is redirected to.
 */
export async function consentAt(authorizeUrl: string, options: ConsentOptions): Promise<string> {
  const { clientId, redirectUri, scope, state, codeChallenge, deny = false } = options
  const url = new URL(authorizeUrl)
  url.searchParams.set('response_type', 'code')
  url.searchParams.set('client_id', clientId)
  url.searchParams.set('redirect_uri', redirectUri)
  if (scope !== undefined) url.searchParams.set('scope', typeof scope === 'string' ? scope : scope.join(' '))
  if (state !== undefined) url.searchParams.set('state', state)
  if (codeChallenge !== undefined) {
    url.searchParams.set('code_challenge', codeChallenge)
    url.searchParams.set('code_challenge_method', 'S256')
  }
  return pressButton(url.href, deny)
}

/** Does the same as {@link consentAt} for a complete authorization URL. */
export async function pressButton(url: string, deny = false): Promise<string> {
  const page = await fetch(url, { redirect: 'manual' })
  const html = await page.text()
  const sentBack = page.headers.get('location')
  if (sentBack !== null) return sentBack
  const consent = /name="consent" value="([0-9a-f]+)"/.exec(html)?.[1]
  if (consent === undefined)
    throw new Error(`the consent page refused: ${/role="alert">([^<]*)/.exec(html)?.[1] ?? page.status}`)
  const { origin, pathname } = new URL(url)
  const answer = await fetch(origin + pathname, {
    method: 'POST',
    body: new URLSearchParams({ consent, decision: deny ? 'deny' : 'allow' }),
    redirect: 'manual',
  })
  await answer.arrayBuffer()
  const location = answer.headers.get('location')
  if (location === null) throw new Error(`the consent form answered ${answer.status}`)
  return location
}
