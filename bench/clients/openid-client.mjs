import { allowInsecureRequests, Configuration, clientCredentialsGrant, fetchProtectedResource } from 'openid-client'
import { fetching } from './fetch.mjs'
import { tokenCache } from './token.mjs'

export async function setup(context) {
  const { baseUrl } = context
  const server = { issuer: baseUrl, token_endpoint: `${baseUrl}/identity/oauth/token` }
  const config = new Configuration(server, 'benchmark', 'secret')
  if (baseUrl.startsWith('http:')) allowInsecureRequests(config)
  const token = tokenCache(() => clientCredentialsGrant(config))
  const authorized = async url => fetchProtectedResource(config, await token(), new URL(url), 'GET')
  return { ...fetching(authorized, context), close() {} }
}
