// loginHandler: the authorization code flow as two routes, in front of a browser that has cookies and nothing else.

import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { ConfigurationError, OAuthApp, SmartRecruiters, TokenError } from 'smartrecruiters'
import { loginHandler } from 'smartrecruiters/web'
import { Browser, COOKIE_SECRET, codeExchanges, startLogin } from './support/web.mjs'

const LOGIN = 'https://app.example.com/auth/login'

/** Goes through a login up to the callback, which is not opened. */
async function goToCallback(browser, sandbox, { url = LOGIN, deny } = {}) {
  const answer = await browser.visit(url)
  assert.equal(answer.status, 302)
  return sandbox.consentTo(answer.headers.get('location'), { deny })
}

async function textOf(answer) {
  return (await answer.text()).replace(/<style>.*<\/style>/s, '').replace(/<[^>]*>/g, '\n')
}

test('a login ends with a grant in the store, which onConnected receives with who it is', async t => {
  const stored = []
  const { sandbox, login, app, store } = await startLogin(t, {
    who: request => request.headers.get('x-user'),
    async onConnected(grant, { who, request, context }) {
      stored.push({
        records: [...store.records.keys()],
        id: grant.id,
        who,
        path: new URL(request.url).pathname,
        context,
      })
      const sr = new SmartRecruiters({ credential: grant, limits: false })
      stored.push((await sr.get('/user-api/v201804/users/me')).id !== undefined)
    },
  })
  const browser = new Browser(request => login(request, 'the context'))
  const begun = await browser.visit(LOGIN, { headers: { 'x-user': 'ada' } })
  const callback = await sandbox.consentTo(begun.headers.get('location'))
  assert.deepEqual(stored, [])
  // Who it is was settled when the login began.
  const answer = await browser.visit(callback, { headers: { 'x-user': 'eve' } })
  assert.equal(answer.status, 200)
  const path = '/auth/callback'
  assert.deepEqual(stored, [{ records: ['ada'], id: 'ada', who: 'ada', path, context: 'the context' }, true])
  assert.match(await textOf(answer), /SmartRecruiters is connected/)
  assert.ok((await new SmartRecruiters({ credential: app.grant('ada'), limits: false }).token()).accessToken)
})

test('the id of the grant is what `id` finds out, or a random one', async t => {
  const { sandbox, login, reports } = await startLogin(t, {
    who: () => 'ada',
    id: async (sr, { who }) => `${who}/${(await sr.get('/user-api/v201804/users/me')).id}`,
  })
  const browser = new Browser(login)
  await browser.visit(await goToCallback(browser, sandbox))
  assert.match(reports.connected[0].grant.id, /^ada\/.+/)

  const plain = await startLogin(t)
  const other = new Browser(plain.login)
  await other.visit(await goToCallback(other, plain.sandbox))
  const [{ grant, who }] = plain.reports.connected
  assert.equal(who, undefined)
  assert.ok(grant.id.length >= 16)
})

test('scopes are asked for', async t => {
  const { login } = await startLogin(t, { scopes: ['jobs_read', 'user_me_read'] })
  const answer = await new Browser(login).visit(LOGIN)
  assert.equal(new URL(answer.headers.get('location')).searchParams.get('scope'), 'jobs_read user_me_read')
})

test('what is asked for reaches the app as it was given, and no other option does', async t => {
  const { app, options } = await startLogin(t)
  const asked = []
  const recording = {
    clientId: app.clientId,
    redirectUri: app.redirectUri,
    authorizationUrl(wanted) {
      asked.push(wanted)
      return app.authorizationUrl()
    },
  }
  const login = loginHandler(recording, { ...options, for: ['GET /jobs'], scopes: undefined })
  await login(new Request(LOGIN))
  assert.deepEqual(asked, [{ for: ['GET /jobs'] }, { for: ['GET /jobs'] }], 'once when it is made, once for the login')
})

test('the cookie of a login belongs to this host alone; on http it has another name', async t => {
  const attributes = async redirectUri => {
    const { login } = await startLogin(t, { redirectUri })
    const answer = await login(new Request(redirectUri.replace('callback', 'login')))
    const [line, ...others] = answer.headers.getSetCookie()
    assert.deepEqual(others, [])
    return line.replace(/=[\w-]+;/, '=…;').replace(/-[\w-]{22}=/, '-#=')
  }
  assert.equal(
    await attributes('https://app.example.com/auth/callback'),
    '__Host-sr-login-#=…; Max-Age=600; Path=/; HttpOnly; SameSite=Lax; Secure',
  )
  assert.equal(
    await attributes('http://localhost:3000/callback'),
    'sr-login-#=…; Max-Age=600; Path=/; HttpOnly; SameSite=Lax',
  )
})

test('the same callback again shows the same page, exchanges nothing, and calls nothing', async t => {
  const { sandbox, login, reports } = await startLogin(t)
  const browser = new Browser(login)
  const callback = await goToCallback(browser, sandbox)
  const before = new Map(browser.cookies)
  // A double click, before the browser has the cookie of the first answer; then a reload, after it has it.
  const twice = await Promise.all(Array.from({ length: 8 }, () => browser.visit(callback, { cookies: before })))
  const later = [await browser.visit(callback, { cookies: before }), await browser.visit(callback)]
  const pages = new Set(await Promise.all([...twice, ...later].map(answer => answer.text())))
  assert.equal(pages.size, 1)
  assert.deepEqual(new Set([...twice, ...later].map(answer => answer.status)), new Set([200]))
  assert.equal(codeExchanges(sandbox), 1)
  assert.equal(reports.connected.length, 1)
  assert.deepEqual(reports.errors, [])
})

test('another process knows by the cookie that a login is done; otherwise the error of the used code is typed', async t => {
  const { sandbox, login, settings, options, reports } = await startLogin(t, { returnTo: '/jobs' })
  const browser = new Browser(login)
  const callback = await goToCallback(browser, sandbox)
  const before = new Map(browser.cookies)
  await browser.visit(callback)
  // Its app shares no state with the first.
  const other = loginHandler(new OAuthApp({ ...settings, clientAuth: 'basic' }), options)
  const replay = await new Browser(other).visit(callback, { cookies: browser.cookies })
  assert.deepEqual([replay.status, replay.headers.get('location')], [303, 'https://app.example.com/jobs'])
  assert.equal(codeExchanges(sandbox), 1)
  assert.deepEqual([reports.connected.length, reports.errors.length], [1, 0])

  const late = await new Browser(other).visit(callback, { cookies: before })
  assert.equal(late.status, 502)
  const [{ error }] = reports.errors
  assert.ok(error instanceof TokenError)
  assert.deepEqual([error.code, error.error], ['TOKEN_REFUSED', 'invalid_grant'])
  assert.equal(codeExchanges(sandbox), 2)
})

test('cookies that the app sets in its own answer are not set again after the browser has got them', async t => {
  const { sandbox, login } = await startLogin(t, {
    onConnected: () =>
      new Response('welcome', { status: 201, headers: { 'set-cookie': 'session=1; Path=/', 'x-own': 'yes' } }),
  })
  const browser = new Browser(login)
  const callback = await goToCallback(browser, sandbox)
  const before = new Map(browser.cookies)
  const session = answer => answer.headers.getSetCookie().filter(line => line.startsWith('session='))
  const first = await browser.visit(callback)
  assert.deepEqual([first.status, session(first).length, await first.text()], [201, 1, 'welcome'])
  assert.equal(first.headers.get('cache-control'), 'no-store')
  const clicked = await browser.visit(callback, { cookies: before })
  assert.deepEqual([clicked.status, session(clicked).length, await clicked.text()], [201, 1, 'welcome'])
  const back = await browser.visit(callback)
  assert.deepEqual([back.status, back.headers.getSetCookie(), await back.text()], [201, [], 'welcome'])
  assert.equal(back.headers.get('x-own'), 'yes')
})

test('an answer of the app may go where the browser would have gone', async t => {
  const seen = []
  const { sandbox, login } = await startLogin(t, {
    returnTo: '/home',
    onConnected: (_grant, { returnTo }) => void seen.push(returnTo),
  })
  const browser = new Browser(login)
  for (const query of ['', '?returnTo=https://app.example.com/jobs%23a', '?returnTo=//evil.example']) {
    await browser.visit(await goToCallback(browser, sandbox, { url: LOGIN + query }))
  }
  assert.deepEqual(seen, ['/home', '/jobs#a', '/home'])
})

test('twenty logins of one browser at once all succeed, and the twenty-first removes the oldest', async t => {
  const { sandbox, login, reports } = await startLogin(t)
  const browser = new Browser(login)
  const first = await goToCallback(browser, sandbox)
  const others = await Promise.all(Array.from({ length: 19 }, () => goToCallback(browser, sandbox)))
  assert.equal(browser.cookies.size, 20)
  mock.timers.enable({ apis: ['Date'], now: Date.now() + 1000 })
  t.after(() => mock.timers.reset())
  const newest = await goToCallback(browser, sandbox)
  assert.equal(browser.cookies.size, 20)
  const all = [...others, newest]
  const answers = await Promise.all(all.map(callback => browser.visit(callback)))
  assert.deepEqual(new Set(answers.map(answer => answer.status)), new Set([200]))
  assert.equal(new Set(reports.connected.map(({ grant }) => grant.id)).size, 20)
  assert.equal(codeExchanges(sandbox), 20)
  assert.equal((await browser.visit(first)).status, 400, 'the oldest login was given up')
  assert.equal(codeExchanges(sandbox), 20)
})

test('the cookies of all logins together stay small, however long their contents are', async t => {
  const { login } = await startLogin(t, { who: () => 'w'.repeat(256) })
  const browser = new Browser(login)
  for (let number = 0; number < 30; number++) await browser.visit(`${LOGIN}?returnTo=/${'a'.repeat(1000)}`)
  const bytes = [...browser.cookies].join('; ').length
  assert.ok(browser.cookies.size >= 3 && bytes < 8500, `${browser.cookies.size} cookies of ${bytes} bytes`)
})

test('a callback that does not belong to this browser is refused with a typed error, and nothing is exchanged', async t => {
  const { sandbox, login, settings, options, reports, store } = await startLogin(t)
  const browser = new Browser(login)
  const callback = await goToCallback(browser, sandbox)
  const [[name, value]] = browser.cookies
  const changed = changes => {
    const url = new URL(callback)
    for (const [key, text] of Object.entries(changes)) {
      if (text === undefined) url.searchParams.delete(key)
      else url.searchParams.set(key, text)
    }
    return url.href
  }
  const foreign = new Browser(loginHandler(new OAuthApp(settings), { ...options, cookieSecret: 'f'.repeat(32) }))
  await foreign.visit(LOGIN)
  const otherApp = new Browser(loginHandler(new OAuthApp({ ...settings, clientId: 'other' }), options))
  await otherApp.visit(LOGIN)
  const second = new Browser(login)
  const secondCallback = await goToCallback(second, sandbox)
  const [[secondName, secondValue]] = second.cookies
  const sealedElsewhere = [...foreign.cookies.values(), ...otherApp.cookies.values(), secondValue]
  const cases = {
    'a wrong state': [changed({ state: 'x'.repeat(43) })],
    'a state with another letter': [changed({ state: `${new URL(callback).searchParams.get('state')}A` })],
    'no state': [changed({ state: undefined })],
    'an empty state': [changed({ state: '' })],
    'two states': [`${callback}&state=other`],
    'no cookie': [callback, new Map()],
    'an empty cookie': [callback, new Map([[name, '']])],
    'a cookie of nonsense': [callback, new Map([[name, 'x'.repeat(100)]])],
    "another browser's callback": [secondCallback],
    "another login's cookie under this name": [callback, new Map([[name, secondValue]])],
    "this cookie under another login's name": [secondCallback, new Map([[secondName, value]])],
    'a forged refusal': [changed({ state: 'forged', code: undefined, error: 'access_denied' })],
    ...Object.fromEntries(
      sealedElsewhere.map((text, at) => [`sealed elsewhere ${at}`, [callback, new Map([[name, text]])]]),
    ),
    ...Object.fromEntries(
      // The last character has bits that Base64 does not use.
      Array.from({ length: value.length - 1 }, (_, at) => {
        const other = value[at] === 'A' ? 'B' : 'A'
        return [`character ${at}`, [callback, new Map([[name, value.slice(0, at) + other + value.slice(at + 1)]])]]
      }),
    ),
  }
  for (const [what, [url, cookies]] of Object.entries(cases)) {
    const answer = await browser.visit(url, { cookies: cookies ?? browser.cookies })
    assert.equal(answer.status, 400, what)
    const { error, who } = reports.errors.at(-1)
    assert.ok(error instanceof TokenError, what)
    assert.equal(error.code, 'CALLBACK_REFUSED', what)
    assert.equal(who, undefined)
    assert.match(await textOf(answer), /This login has expired.*Log in again/s)
  }
  assert.equal(reports.errors.length, Object.keys(cases).length)
  assert.equal(codeExchanges(sandbox), 0)
  assert.equal(store.records.size, 0)

  // After ten minutes the browser drops the cookie; one that does not is refused, too.
  mock.timers.enable({ apis: ['Date'], now: Date.now() + 600_001 })
  t.after(() => mock.timers.reset())
  assert.equal((await browser.visit(callback)).status, 400)
  assert.equal(reports.errors.at(-1).error.code, 'CALLBACK_REFUSED')
  assert.equal(codeExchanges(sandbox), 0)
  mock.timers.reset()
  assert.equal((await browser.visit(callback)).status, 200, 'the callback itself was good')
})

test('a customer who refuses sees that nothing was changed, and the error is typed', async t => {
  const { sandbox, login, reports, store } = await startLogin(t, { who: () => 'ada' })
  const browser = new Browser(login)
  const callback = await goToCallback(browser, sandbox, { url: `${LOGIN}?returnTo=/jobs`, deny: true })
  const answer = await browser.visit(callback)
  assert.equal(answer.status, 403)
  const html = await answer.text()
  assert.match(html, /Access was not allowed/)
  assert.match(html, /href="\/auth\/login\?returnTo=%2Fjobs"/)
  const [{ error, who }] = reports.errors
  assert.ok(error instanceof TokenError)
  assert.deepEqual([error.code, error.error, who], ['AUTHORIZATION_DENIED', 'access_denied', 'ada'])
  assert.equal((await browser.visit(callback)).status, 403)
  assert.equal(codeExchanges(sandbox), 0)
  assert.equal(store.records.size, 0)
})

test('an answer of 200 without a token is a typed error, and its code is spent once', async t => {
  const { sandbox, login, reports } = await startLogin(t)
  sandbox.fault({ kind: 'answer', endpoint: 'POST /identity/oauth/token', body: {} })
  const browser = new Browser(login)
  const callback = await goToCallback(browser, sandbox)
  for (let visit = 0; visit < 3; visit++) {
    const answer = await browser.visit(callback)
    assert.equal(answer.status, 502)
    assert.match(await textOf(answer), /The login did not work/)
  }
  for (const { error } of reports.errors) assert.equal(error.code, 'TOKEN_INVALID')
  assert.equal(reports.errors.length, 3)
  assert.equal(codeExchanges(sandbox), 1)
})

test('a login that failed before its code was sent can be finished by a reload', async t => {
  const { sandbox, login, reports, store } = await startLogin(t)
  const browser = new Browser(login)
  const callback = await goToCallback(browser, sandbox)
  store.fail = () => {
    throw new Error('it is down')
  }
  const failed = await Promise.all([browser.visit(callback), browser.visit(callback)])
  assert.deepEqual(
    failed.map(answer => answer.status),
    [500, 500],
  )
  assert.deepEqual(
    reports.errors.map(({ error }) => error.code),
    ['STORE'],
  )
  store.fail = () => {}
  assert.equal((await browser.visit(callback)).status, 200)
  assert.equal(codeExchanges(sandbox), 1)
})

test('when onConnected fails, the grant is kept, and a reload calls it again', async t => {
  let fails = true
  const errors = []
  const { sandbox, login, store } = await startLogin(t, {
    who: () => 'ada',
    onConnected() {
      if (fails) throw new Error('the database is down')
    },
    onError: error => void errors.push(error.message),
  })
  const browser = new Browser(login)
  const callback = await goToCallback(browser, sandbox)
  assert.equal((await browser.visit(callback)).status, 500)
  assert.deepEqual([...store.records.keys()], ['ada'])
  fails = false
  assert.equal((await browser.visit(callback)).status, 200)
  assert.deepEqual(errors, ['the database is down'])
  assert.equal(codeExchanges(sandbox), 1)
})

test('an app may answer a failure itself, and an error of its own code is handed up', async t => {
  const { login } = await startLogin(t, { onError: () => new Response('ours', { status: 418 }) })
  const answer = await new Browser(login).visit('https://app.example.com/auth/callback?state=x&code=y')
  assert.deepEqual([answer.status, await answer.text()], [418, 'ours'])
  assert.equal(answer.headers.get('referrer-policy'), 'no-referrer')
  const broken = await startLogin(t, { onError: () => Promise.reject(new Error('broken')) })
  await assert.rejects(broken.login(new Request('https://app.example.com/auth/callback')), { message: 'broken' })
})

test('`who` that fails or gives no name is an error, and no login begins', async t => {
  for (const who of [() => 7, () => '', () => 'w'.repeat(257), () => Promise.reject(new Error('no session'))]) {
    const { login, reports } = await startLogin(t, { who })
    const answer = await new Browser(login).visit(LOGIN)
    assert.equal(answer.status, 500)
    assert.deepEqual(answer.headers.getSetCookie(), [])
    assert.equal(reports.errors.length, 1)
  }
})

test('without onError, what the app has to repair is a process warning; what visitors cause is not', async t => {
  const warnings = []
  const listen = warning => warnings.push([warning.code, warning.message])
  process.on('warning', listen)
  t.after(() => process.off('warning', listen))
  const { sandbox, login } = await startLogin(t, { onError: undefined })
  const browser = new Browser(login)
  await browser.visit('https://app.example.com/auth/callback?state=x&code=y')
  await browser.visit(await goToCallback(browser, sandbox, { deny: true }))
  sandbox.fault({ kind: 'answer', endpoint: 'POST /identity/oauth/token', body: {} })
  await browser.visit(await goToCallback(browser, sandbox))
  // Warnings are emitted in the next turn.
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(warnings.length, 1)
  assert.equal(warnings[0][0], 'SMARTRECRUITERS_WEB')
  assert.match(warnings[0][1], /^a login with SmartRecruiters failed: /)
})

const ELSEWHERE = [
  '//evil.example',
  '///evil.example',
  '////evil.example/',
  '/\\evil.example',
  '\\/evil.example',
  '\\\\evil.example',
  '/\\/evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '\t//evil.example',
  ' //evil.example',
  '\u0000//evil.example',
  '\u0001https://evil.example',
  'https://evil.example',
  'HTTPS://EVIL.EXAMPLE',
  'http:evil.example',
  'https:\\\\evil.example',
  'https:///evil.example',
  'http://app.example.com/jobs',
  'https://app.example.com.evil.example/',
  'https://app.example.com@evil.example/',
  'https://app.example.com:8443/',
  'https://app.example.com%2eevil.example/',
  'https://xn--pp-yka.example.com/',
  'https://evil.example#app.example.com',
  'https://evil.example?app.example.com',
  'https://evil.example\\app.example.com',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\nscript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'blob:https://app.example.com/1',
  'filesystem:https://app.example.com/1',
  'ftp://app.example.com/',
  'mailto:eve@evil.example',
  '//app.example.com:444/',
  '/\t\\evil.example',
  'http:/evil.example',
  '//evil\u3002example',
  '//[::1]/',
  '/.//evil.example',
  '/a/..//evil.example',
  'https://app.example.com//evil.example',
  '//0x7f000001/',
  // These would begin a login again, without end.
  '/auth/login',
  '/auth/callback?x',
  '/auth/./login#x',
]

/** What stays on the origin, whatever it looks like. */
const HERE = {
  '/jobs': '/jobs',
  '/jobs?a=b&c=%2F#d': '/jobs?a=b&c=%2F#d',
  jobs: '/jobs',
  '?a': '/?a',
  '#a': '/#a',
  '': '/',
  '/a/../b': '/b',
  '/%2f/evil.example': '/%2f/evil.example',
  '/%5cevil.example': '/%5cevil.example',
  '/%0d%0aset-cookie:a=b': '/%0d%0aset-cookie:a=b',
  '/\r\nset-cookie:a=b': '/set-cookie:a=b',
  '/@evil.example': '/@evil.example',
  'https:/jobs': '/jobs',
  'https:jobs': '/jobs',
  'https://app.example.com/jobs': '/jobs',
  'https://APP.example.com:443/jobs': '/jobs',
  'https://eve:pw@app.example.com/jobs': '/jobs',
  '//app.example.com/jobs': '/jobs',
  '/ü': '/%C3%BC',
}

test('however returnTo is spelt, the browser stays on the origin of the redirectUri', async t => {
  const { sandbox, login } = await startLogin(t, { returnTo: '/home' })
  assert.ok(ELSEWHERE.length >= 40 && new Set(ELSEWHERE).size === ELSEWHERE.length)
  const browser = new Browser(login)
  const visit = async returnTo => {
    const url = `${LOGIN}?${new URLSearchParams({ returnTo })}`
    const callback = await goToCallback(browser, sandbox, { url })
    // A forged host decides nothing.
    const answer = await browser.visit(callback.replace('app.example.com', 'evil.example'), {
      headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example' },
    })
    assert.equal(answer.status, 303, returnTo)
    return answer.headers.get('location')
  }
  for (const address of ELSEWHERE) {
    assert.equal(await visit(address), 'https://app.example.com/home', JSON.stringify(address))
  }
  for (const [address, path] of Object.entries(HERE)) {
    assert.equal(await visit(address), `https://app.example.com${path}`, JSON.stringify(address))
  }
  assert.equal(await visit(`/${'a'.repeat(1024)}`), 'https://app.example.com/home', 'too long')
})

test('HEAD, prefetches and other methods begin and end nothing', async t => {
  const { sandbox, login, reports } = await startLogin(t)
  const browser = new Browser(login)
  const callback = await goToCallback(browser, sandbox)
  const cookies = new Map(browser.cookies)
  for (const url of [LOGIN, callback]) {
    for (const [status, request] of [
      [204, { method: 'HEAD' }],
      [503, { headers: { 'sec-purpose': 'prefetch' } }],
      [503, { headers: { 'sec-purpose': 'prefetch;prerender' } }],
      [503, { headers: { purpose: 'prefetch' } }],
      [503, { headers: { 'x-moz': 'prefetch' } }],
      [503, { headers: { 'x-purpose': 'preview' } }],
      [503, { headers: { 'sec-fetch-dest': 'image' } }],
      // As Next.js prefetches a link.
      [503, { headers: { 'sec-fetch-dest': 'empty', rsc: '1' } }],
      [405, { method: 'POST' }],
      [405, { method: 'OPTIONS' }],
      [405, { method: 'DELETE' }],
    ]) {
      const answer = await browser.visit(url, request)
      assert.equal(answer.status, status, JSON.stringify(request))
      assert.deepEqual(
        [...answer.headers.keys()].filter(name => /cookie|location/.test(name)),
        [],
      )
      assert.equal(answer.headers.get('cache-control'), 'no-store')
      assert.equal(answer.headers.get('referrer-policy'), 'no-referrer')
    }
  }
  assert.deepEqual(browser.cookies, cookies)
  assert.equal(codeExchanges(sandbox), 0)
  assert.deepEqual(reports, { connected: [], errors: [] })
  assert.equal((await browser.visit(callback, { headers: { 'sec-fetch-dest': 'document' } })).status, 200)
})

test('other paths are not its own', async t => {
  const { login } = await startLogin(t)
  for (const path of [
    '/',
    '/auth',
    '/auth/',
    '/auth/login/',
    '/auth/logins',
    '//auth/login',
    '/AUTH/login',
    '/login',
  ]) {
    assert.equal(await login(new Request(`https://app.example.com${path}`)), undefined, path)
  }
})

test('a secret is replaced without a failed login: the first of a list seals, each of them opens', async t => {
  const { sandbox, login, settings, options } = await startLogin(t)
  const fresh = new Uint8Array(32).fill(7)
  const handler = cookieSecret => loginHandler(new OAuthApp(settings), { ...options, cookieSecret })
  const both = handler([fresh, COOKIE_SECRET])
  for (const [begins, ends, status] of [
    [login, both, 200],
    [both, handler(fresh), 200],
    [both, login, 400],
  ]) {
    const browser = new Browser(begins)
    const callback = await goToCallback(browser, sandbox)
    assert.equal((await new Browser(ends).visit(callback, { cookies: browser.cookies })).status, status)
  }
})

test('behind a proxy that removes the beginning of the path, links and redirects have it', async t => {
  const { sandbox, login } = await startLogin(t, {
    redirectUri: 'https://app.example.com/tool/auth/callback',
    prefix: '/auth',
  })
  const browser = new Browser(login)
  const callback = await goToCallback(browser, sandbox, { url: 'http://10.0.0.1:3000/auth/login', deny: true })
  assert.match(callback, /^https:\/\/app\.example\.com\/tool\/auth\/callback\?/)
  const answer = await browser.visit(callback.replace('https://app.example.com/tool', 'http://10.0.0.1:3000'))
  assert.match(await answer.text(), /href="\/tool\/auth\/login"/)
})

test('nothing that is sent to the browser contains a secret', async t => {
  const { sandbox, login, settings, store, options } = await startLogin(t, { who: () => 'canary-who' })
  const browser = new Browser(login)
  const codes = []
  for (const deny of [false, true, false]) {
    const callback = await goToCallback(browser, sandbox, { url: `${LOGIN}?returnTo=/canary-path`, deny })
    codes.push(new URL(callback).searchParams.get('code'))
    await browser.visit(callback)
    await browser.visit(callback)
    await browser.visit(callback, { cookies: new Map() })
  }
  sandbox.fault({ kind: 'status', status: 500, endpoint: 'POST /identity/oauth/token', body: settings.clientSecret })
  const failing = await goToCallback(browser, sandbox)
  codes.push(new URL(failing).searchParams.get('code'))
  await browser.visit(failing)
  const { access, refreshToken } = JSON.parse(store.textOf('canary-who'))
  const values = {
    accessToken: access.token,
    refreshToken,
    who: 'canary-who',
    cookieSecret: options.cookieSecret,
    clientSecret: settings.clientSecret,
    ...codes.filter(code => code !== null),
  }
  assert.equal(Object.keys(values).length, 8)
  const all = browser.received.join('\n')
  assert.ok(browser.received.length === 14 && all.includes('canary-path'), 'what was received was not kept')
  for (const [name, value] of Object.entries(values)) {
    for (const spelt of [value, encodeURIComponent(value), Buffer.from(value).toString('base64url').slice(0, -2)]) {
      assert.ok(spelt.length >= 8 && !all.includes(spelt), name)
    }
  }
})

test('a wrong option is named when the handler is made', async t => {
  const { app, options, settings } = await startLogin(t)
  const cases = {
    app: [{}, options],
    options: [app, undefined],
    cookieSecret: [app, { ...options, cookieSecret: undefined }],
    'cookieSecret ': [app, { ...options, cookieSecret: 'canary-short' }],
    'cookieSecret  ': [app, { ...options, cookieSecret: [] }],
    'cookieSecret[1]': [app, { ...options, cookieSecret: [COOKIE_SECRET, new Uint8Array(31)] }],
    prefix: [app, { ...options, prefix: '/login' }],
    'prefix ': [app, { ...options, prefix: 'auth' }],
    'prefix  ': [app, { ...options, prefix: '/auth/' }],
    'prefix   ': [new OAuthApp({ ...settings, redirectUri: 'https://app.example.com/oauth' }), options],
    returnTo: [app, { ...options, returnTo: 'https://evil.example' }],
    'returnTo ': [app, { ...options, returnTo: '/auth/login' }],
    who: [app, { ...options, who: 'ada' }],
    id: [app, { ...options, id: 'ada' }],
    onConnected: [app, { ...options, onConnected: {} }],
    onError: [app, { ...options, onError: null }],
    onSuccess: [app, { ...options, onSuccess: () => {} }],
    'scopes[0]': [app, { ...options, scopes: [7] }],
    authorizeUrl: [new OAuthApp({ ...settings, baseUrl: undefined, environment: 'sandbox' }), options],
  }
  for (const [field, [of, given]] of Object.entries(cases)) {
    assert.throws(
      () => loginHandler(of, given),
      error => {
        assert.ok(error instanceof ConfigurationError, `${field}: ${error}`)
        assert.equal(error.field, field.trim())
        assert.doesNotMatch(error.message, /canary/)
        return true
      },
    )
  }
})
