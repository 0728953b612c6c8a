import { startSandbox } from '../index.mjs'

/** Runs `body` with a sandbox of its own and closes it, whatever happens. */
export function withSandbox(options, body) {
  return async () => {
    const sandbox = await startSandbox({ jobs: 60, candidates: 120, ...options })
    try {
      await body(sandbox, client(sandbox))
    } finally {
      await sandbox.close()
    }
  }
}

/** Short forms of the calls most tests make. */
function client(sandbox) {
  const post = (form, headers) =>
    fetch(sandbox.tokenUrl, { method: 'POST', body: new URLSearchParams(form), ...(headers && { headers }) })
  const asBody = credential => ({ client_id: credential.clientId, client_secret: credential.clientSecret })
  return {
    /** A request with the API key, unless the headers say otherwise. */
    get: (path, init = {}) =>
      fetch(sandbox.baseUrl + path, { redirect: 'manual', headers: { 'x-smarttoken': sandbox.apiKey }, ...init }),
    send: (method, path, body, contentType = 'application/json') =>
      fetch(sandbox.baseUrl + path, {
        method,
        headers: { 'x-smarttoken': sandbox.apiKey, 'content-type': contentType },
        body: JSON.stringify(body),
      }),
    post,
    asBody,
    token: (form, credential = sandbox.client) => post({ ...form, ...asBody(credential) }),
    bearer: (path, token) => fetch(sandbox.baseUrl + path, { headers: { authorization: `Bearer ${token}` } }),
    async code(options = {}) {
      const { clientId, redirectUris } = sandbox.app
      const callback = await sandbox.consent({ clientId, redirectUri: redirectUris[0], ...options })
      return new URL(callback).searchParams.get('code')
    },
    async grant(options) {
      const code = await this.code(options)
      const answer = await this.token({ grant_type: 'authorization_code', code }, sandbox.app)
      return answer.json()
    },
    refresh(refreshToken) {
      return this.token({ grant_type: 'refresh_token', refresh_token: refreshToken }, sandbox.app)
    },
  }
}

export async function control(sandbox, method, path, body) {
  const answer = await fetch(`${sandbox.baseUrl}/_sandbox${path}`, {
    method,
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) }
}
