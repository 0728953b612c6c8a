import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { withSandbox } from './support.mjs'

function allowUrl(sandbox, parameters = {}) {
  const { clientId, redirectUris } = sandbox.app
  const query = new URLSearchParams({ client_id: clientId, redirect_uri: redirectUris[0], ...parameters })
  return `${sandbox.authorizeUrl}?${query}`
}

describe('the consent page', () => {
  it(
    'is an HTML page with a language, a title, a heading, the scopes and two labelled buttons',
    withSandbox({}, async sandbox => {
      const answer = await fetch(allowUrl(sandbox, { scope: 'jobs_read user_me_read' }))
      const html = await answer.text()
      assert.equal(answer.status, 200)
      assert.match(answer.headers.get('content-type'), /^text\/html; charset=utf-8/)
      for (const part of [/<html lang="en">/, /<title>.+<\/title>/, /<main>/, /<h1>.*app.*<\/h1>/])
        assert.match(html, part)
      for (const part of ['<code>jobs_read</code>', '<code>user_me_read</code>', '>Allow</button>', '>Deny</button>']) {
        assert.ok(html.includes(part), part)
      }
      assert.ok(!html.includes('candidates_read'))
      assert.ok(!html.includes('<script'))
    }),
  )

  it(
    'shows an error and never redirects when the app or its redirect URI is unknown',
    withSandbox({}, async sandbox => {
      const wrong = [
        { client_id: 'nobody' },
        { client_id: sandbox.client.clientId },
        { redirect_uri: 'https://evil.example/' },
        { redirect_uri: `${sandbox.app.redirectUris[0]}/` },
        { redirect_uri: '' },
      ]
      for (const parameters of wrong) {
        const answer = await fetch(allowUrl(sandbox, parameters), { redirect: 'manual' })
        assert.equal(answer.status, 400)
        assert.equal(answer.headers.get('location'), null)
        assert.match(await answer.text(), /role="alert"/)
      }
    }),
  )

  it(
    'shows the redirect URI that it received, and those that are registered',
    withSandbox({ redirectUris: ['http://localhost:8080/back'] }, async sandbox => {
      const answer = await fetch(allowUrl(sandbox, { redirect_uri: 'http://localhost:8080/<other>' }))
      const html = await answer.text()
      for (const uri of ['http://localhost:8080/&lt;other&gt;', ...sandbox.app.redirectUris]) {
        assert.ok(html.includes(uri), uri)
      }
      assert.ok(sandbox.app.redirectUris.includes('http://localhost:3000/auth/callback'))
      const callback = await sandbox.consentTo(allowUrl(sandbox, { redirect_uri: 'http://localhost:8080/back' }))
      assert.match(callback, /^http:\/\/localhost:8080\/back\?code=/)
    }),
  )

  it(
    'refuses an empty scope with a page, as the vendor does',
    withSandbox({}, async sandbox => {
      const answer = await fetch(allowUrl(sandbox, { scope: '' }), { redirect: 'manual' })
      assert.equal(answer.status, 400)
      assert.match(await answer.text(), /scope is empty/)
    }),
  )

  it(
    'escapes what it shows',
    withSandbox({}, async sandbox => {
      const scope = '<b>&"scope"'
      const app = sandbox.addClient({ scopes: [scope], redirectUris: ['http://localhost/cb'] })
      const url = allowUrl(sandbox, { client_id: app.clientId, redirect_uri: 'http://localhost/cb' })
      const html = await (await fetch(url)).text()
      assert.ok(html.includes('<code>&lt;b&gt;&amp;&quot;scope&quot;</code>'))
      assert.ok(!html.includes('<b>'))
    }),
  )

  it(
    'tells the app of other mistakes by a redirect that keeps the state',
    withSandbox({}, async sandbox => {
      const cases = [
        [{ response_type: 'token' }, 'unsupported_response_type'],
        [{ scope: 'jobs_read not_a_scope' }, 'invalid_scope'],
        [{ code_challenge: 'abc', code_challenge_method: 'plain' }, 'invalid_request'],
      ]
      for (const [parameters, error] of cases) {
        const answer = await fetch(allowUrl(sandbox, { ...parameters, state: 's t&' }), { redirect: 'manual' })
        const target = new URL(answer.headers.get('location'))
        assert.equal(answer.status, 302)
        assert.equal(target.searchParams.get('error'), error)
        assert.equal(target.searchParams.get('state'), 's t&')
      }
    }),
  )
})

describe('consent', () => {
  it(
    'comes back to the app with a code and the state as sent',
    withSandbox({}, async ({ app, consent }) => {
      const state = 'ü &=+/ state'
      const callback = new URL(await consent({ clientId: app.clientId, redirectUri: app.redirectUris[2], state }))
      assert.equal(callback.origin + callback.pathname, app.redirectUris[2])
      assert.equal(callback.searchParams.get('state'), state)
      assert.ok(callback.searchParams.get('code'))
    }),
  )

  it(
    'that is denied comes back with access_denied and no code',
    withSandbox({}, async sandbox => {
      const callback = new URL(await sandbox.consentTo(allowUrl(sandbox, { state: 'x' }), { deny: true }))
      assert.equal(callback.searchParams.get('error'), 'access_denied')
      assert.ok(callback.searchParams.get('error_description'))
      assert.equal(callback.searchParams.get('state'), 'x')
      assert.equal(callback.searchParams.has('code'), false)
    }),
  )

  it(
    'is given once for each page',
    withSandbox({}, async sandbox => {
      const html = await (await fetch(allowUrl(sandbox))).text()
      const consent = /name="consent" value="([^"]+)"/.exec(html)[1]
      const press = () =>
        fetch(sandbox.authorizeUrl, {
          method: 'POST',
          body: new URLSearchParams({ consent, decision: 'allow' }),
          redirect: 'manual',
        })
      assert.equal((await press()).status, 302)
      assert.equal((await press()).status, 400)
    }),
  )

  it(
    'throws with the reason of the page when there is nothing to press',
    withSandbox({}, async ({ app, consent }) => {
      await assert.rejects(consent({ clientId: app.clientId, redirectUri: 'https://evil.example/' }), /redirect_uri/)
    }),
  )
})
