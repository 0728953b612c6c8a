// partnerHandler: the page to which SmartRecruiters sends a customer's administrator.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AlreadyIntegratedError,
  ConfigurationError,
  PartnerApp,
  PermissionError,
  SmartRecruiters,
} from 'smartrecruiters'
import { partnerHandler } from 'smartrecruiters/web'
import { MapStore } from './support/map-store.mjs'
import { Browser, startActivation } from './support/web.mjs'

const PAGE = 'https://app.example.com/activate'
const BACK = 'https://www.smartrecruiters.com/settings/integrations?a=b'

const address = query => `${PAGE}?${new URLSearchParams(query)}`

/** How often the sandbox issued credentials, or refused to. */
function issueRequests(sandbox) {
  const statuses = sandbox.counters().requests
  return Object.entries(statuses)
    .filter(([endpoint]) => endpoint.includes('/apps-integrations/'))
    .reduce((sum, [, count]) => sum + count, 0)
}

test('an activation stores the customer, calls onConnected, and sends the browser back', async t => {
  const seen = []
  const { sandbox, activation, partner } = await startActivation(t, {
    async onConnected(customer, { companyId, request, context }) {
      const sr = new SmartRecruiters({ credential: customer, limits: false })
      seen.push([companyId, new URL(request.url).pathname, context, (await sr.get('/jobs')).totalFound])
    },
  })
  const browser = new Browser(request => activation(request, 'the context'))
  const answer = await browser.visit(address({ companyId: 'acme', redirect: BACK }))
  assert.deepEqual([answer.status, answer.headers.get('location')], [303, BACK])
  assert.equal(answer.headers.get('cache-control'), 'no-store')
  assert.equal(answer.headers.get('referrer-policy'), 'no-referrer')
  assert.deepEqual(seen, [['acme', '/activate', 'the context', 1]])
  assert.equal(issueRequests(sandbox), 1)
  assert.ok(await new SmartRecruiters({ credential: partner.customer('acme'), limits: false }).token())
})

test('without onConnected, the customer is connected all the same', async t => {
  const { sandbox, activation, partner } = await startActivation(t, { onConnected: undefined })
  assert.equal((await new Browser(activation).visit(address({ companyId: 'acme' }))).status, 200)
  assert.equal(issueRequests(sandbox), 1)
  assert.ok(await new SmartRecruiters({ credential: partner.customer('acme'), limits: false }).token())
})

test('a double click and a later visit connect nothing again', async t => {
  const { sandbox, activation, reports } = await startActivation(t)
  const browser = new Browser(activation)
  const url = address({ companyId: 'acme', redirect: BACK })
  const answers = await Promise.all(Array.from({ length: 8 }, () => browser.visit(url)))
  assert.deepEqual(new Set(answers.map(answer => answer.status)), new Set([303]))
  assert.equal(reports.connected.length, 1)
  assert.equal((await browser.visit(url)).status, 303)
  assert.equal(reports.connected.length, 2, 'a later visit is reported again')
  assert.equal(issueRequests(sandbox), 1)
})

test('the browser is sent to SmartRecruiters, to the sandbox of the app, and nowhere else', async t => {
  const { sandbox, activation, partner } = await startActivation(t)
  const browser = new Browser(activation)
  const visit = (redirect, of = browser) => of.visit(address({ companyId: 'acme', redirect }))
  for (const redirect of [
    'https://smartrecruiters.com/',
    'https://www.smartrecruiters.com/a?b=c#d',
    'https://app.sandbox.smartrecruiters.com/',
    'HTTPS://WWW.SMARTRECRUITERS.COM/',
    `${sandbox.baseUrl}/done`,
  ]) {
    const answer = await visit(redirect)
    assert.deepEqual([answer.status, answer.headers.get('location')], [303, new URL(redirect).href])
  }
  const elsewhere = [
    '',
    'nonsense',
    '/relative',
    '//www.smartrecruiters.com/',
    'http://www.smartrecruiters.com/',
    'https://www.smartrecruiters.com:8443/',
    'https://user@www.smartrecruiters.com/',
    'https://:pw@www.smartrecruiters.com/',
    'https://evil.example/',
    'https://evil.example/.smartrecruiters.com',
    'https://evil.example#.smartrecruiters.com',
    'https://evil.example?.smartrecruiters.com',
    'https://evil.example\\.smartrecruiters.com',
    'https://evilsmartrecruiters.com/',
    'https://smartrecruiters.com.evil.example/',
    'https://www.smartrecruiters.com@evil.example/',
    'https://www.smartrecruiters.com%2eevil.example/',
    'https://www.smartrecruiters.com.',
    'https://www.smartrecruiters.co',
    'javascript:alert(1)//www.smartrecruiters.com',
    'data:text/html,www.smartrecruiters.com',
    'blob:https://www.smartrecruiters.com/1',
    'ftp://www.smartrecruiters.com/',
    `blob:${sandbox.baseUrl}/1`,
    sandbox.foreignUrl,
    sandbox.baseUrl.replace('127.0.0.1', 'localhost'),
    sandbox.baseUrl.replace('http:', 'https:'),
  ]
  for (const redirect of elsewhere) {
    const answer = await visit(redirect)
    assert.deepEqual([answer.status, answer.headers.get('location')], [200, null], redirect)
    assert.match(await answer.text(), /SmartRecruiters is connected/)
  }
  // An app of production has no sandbox.
  const store = new MapStore()
  const production = new PartnerApp({ clientId: 'c', clientSecret: 's', environment: 'production', store })
  const sr = partnerHandler(production, { path: '/activate' })
  await production.import({ companyId: 'acme', clientId: 'c', clientSecret: 's' })
  assert.equal((await visit(sandbox.baseUrl, new Browser(sr))).status, 200)
  assert.equal((await visit(BACK, new Browser(sr))).status, 303)
  assert.equal(partner.baseUrl, sandbox.baseUrl)
})

test('what goes wrong is a typed error, and a page that says what to do', async t => {
  const { sandbox, activation, partner, reports } = await startActivation(t)
  const browser = new Browser(activation)
  const visit = async companyId => {
    const answer = await browser.visit(address({ companyId, redirect: BACK }))
    assert.equal(answer.headers.get('location'), null)
    return [answer.status, /<h1>(.*)<\/h1>/.exec(await answer.text())[1]]
  }
  await partner.connect('acme')
  await partner.disconnect('acme')
  assert.deepEqual(await visit('acme'), [409, 'Your company is connected already'])
  assert.ok(reports.errors.at(-1) instanceof AlreadyIntegratedError)
  assert.deepEqual(await visit('inactive-acme'), [403, 'The integration is not active'])
  assert.ok(reports.errors.at(-1) instanceof PermissionError)
  sandbox.fault({ kind: 'malformed', endpoint: 'POST /apps-integrations/partner-api/integrations' })
  assert.deepEqual(await visit('other'), [502, 'Your company could not be connected'])
  assert.equal(reports.errors.length, 3)
  assert.deepEqual(reports.connected, [])
  assert.ok(!browser.received.join('\n').includes(sandbox.partner.clientSecret))
})

test('the app may answer for itself, when it worked and when it did not', async t => {
  const { activation } = await startActivation(t, {
    onConnected: () => Response.redirect('https://app.example.com/welcome', 303),
    onError: () => new Response('ours', { status: 418 }),
  })
  const browser = new Browser(activation)
  const welcome = await browser.visit(address({ companyId: 'acme', redirect: BACK }))
  assert.equal(welcome.headers.get('location'), 'https://app.example.com/welcome')
  const own = await browser.visit(address({ companyId: 'inactive-acme', redirect: BACK }))
  assert.deepEqual([own.status, await own.text()], [418, 'ours'])
})

test('a link without one company, a prefetch and other methods connect nothing', async t => {
  const { sandbox, activation, reports } = await startActivation(t)
  const browser = new Browser(activation)
  for (const query of [
    '',
    'companyId=',
    'companyid=acme',
    'companyId=acme&companyId=other',
    'companyId=a%0ab',
    'companyId=a%00b',
    `companyId=${'a'.repeat(257)}`,
  ]) {
    const answer = await browser.visit(`${PAGE}?${query}`)
    assert.equal(answer.status, 400, query)
    assert.match(await answer.text(), /This link is not complete/)
  }
  const url = address({ companyId: 'acme', redirect: BACK })
  assert.equal((await browser.visit(url, { method: 'HEAD' })).status, 204)
  assert.equal((await browser.visit(url, { method: 'POST' })).status, 405)
  assert.equal((await browser.visit(url, { headers: { 'sec-purpose': 'prefetch' } })).status, 503)
  assert.equal(await browser.visit('https://app.example.com/'), undefined)
  assert.equal(issueRequests(sandbox), 0)
  assert.deepEqual(reports, { connected: [], errors: [] })
})

test('what a link contains is text on the page, and no markup', async t => {
  const { activation } = await startActivation(t)
  const url = `${PAGE}?companyId=inactive-1&x="><script>alert(1)</script>'`
  const html = await (await new Browser(activation).visit(url)).text()
  assert.match(html, /Try again/)
  assert.doesNotMatch(html, /<script|x="/)
})

test('a wrong option is named when the handler is made', async t => {
  const { partner } = await startActivation(t)
  for (const [field, of, options] of [
    ['partner', {}, { path: '/activate' }],
    ['options', partner, undefined],
    ['path', partner, {}],
    ['path', partner, { path: '' }],
    ['path', partner, { path: 'activate' }],
    ['path', partner, { path: '/activate?x' }],
    ['onConnected', partner, { path: '/activate', onConnected: 7 }],
    ['prefix', partner, { path: '/activate', prefix: '/auth' }],
  ]) {
    assert.throws(
      () => partnerHandler(of, options),
      error => error instanceof ConfigurationError && error.field === field,
      field,
    )
  }
})
