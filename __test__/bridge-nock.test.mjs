// nock behind a bridge.

import { after, afterEach } from 'node:test'
import nock from 'nock'
import { behavesAsMocked } from './support/mocked.mjs'

const API = 'https://api.smartrecruiters.com'
nock.disableNetConnect()
afterEach(() => nock.cleanAll())
after(() => nock.restore())

behavesAsMocked({
  json: (method, path, status, body) => nock(API).intercept(path, method).reply(status, body),
  echo: path =>
    nock(API)
      .post(path)
      .reply(201, (_path, received) => ({ received })),
  token(accessToken) {
    const forms = []
    nock(API)
      .post('/identity/oauth/token', form => forms.push({ ...form }))
      .reply(200, { access_token: accessToken, expires_in: 1800 })
    return forms
  },
  guarded: (path, accessToken) =>
    nock(API, { reqheaders: { authorization: `Bearer ${accessToken}` } })
      .get(path)
      .reply(200, '"in"', { 'content-type': 'application/json' }),
  fails: path => nock(API).get(path).replyWithError('the line is cut'),
})
