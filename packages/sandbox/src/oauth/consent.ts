/** What {@link Sandbox.consent} is asked to do. */
export interface ConsentOptions {
  clientId: string
  redirectUri: string
  /** Space-separated, or a list. Left out, the app's own scopes are asked for. */
  scope?: string | readonly string[] | undefined
  state?: string | undefined
  /** S256 challenge, for PKCE. */
  codeChallenge?: string | undefined
  /** Press Deny instead of Allow. Default false. */
  deny?: boolean | undefined
}

/** Does what a user's browser would: opens the page, presses the button, and returns where it is sent. */
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

/** The same for an authorization URL made elsewhere. */
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
