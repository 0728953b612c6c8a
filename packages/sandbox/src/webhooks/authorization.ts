/** How a subscription says that SmartRecruiters authenticates to its receiver. */
export interface CallbackAuthentication {
  type?: string
  username?: string
  password?: string
  headerName?: string
  headerValue?: string
  clientId?: string
  clientSecret?: string
  tokenServiceUrl?: string
}

/** Returns the headers with which SmartRecruiters authenticates. With OAuth 2, it requests a token first. */
export async function authorization(given: CallbackAuthentication = {}): Promise<Record<string, string>> {
  const { type, username = '', password = '', headerName = '', headerValue = '' } = given
  if (type === 'basic') {
    return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
  }
  if (type === 'header') return { [headerName]: headerValue }
  if (type !== 'oauth2') return {}
  const { clientId = '', clientSecret = '', tokenServiceUrl = '' } = given
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
  })
  const response = await fetch(tokenServiceUrl, { method: 'POST', body })
  const { access_token: token } = (await response.json()) as { access_token?: string }
  return { authorization: `Bearer ${token}` }
}
