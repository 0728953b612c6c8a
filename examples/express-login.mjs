// Customers log in with SmartRecruiters, and see their jobs.
import { randomUUID } from 'node:crypto'
import express from 'express'
import { OAuthApp, SmartRecruiters, SqliteStore } from 'smartrecruiters'
import { loginHandler, toNodeHandler } from 'smartrecruiters/web'

const { SMARTRECRUITERS_CLIENT_ID: clientId, SMARTRECRUITERS_CLIENT_SECRET: clientSecret } = process.env
const { REDIRECT_URI: redirectUri, GRANTS_FILE: path, GRANTS_KEY: encryptionKey, COOKIE_SECRET, PORT } = process.env
const store = new SqliteStore({ path })
const app = new OAuthApp({ clientId, clientSecret, redirectUri, store, encryptionKey, keepAlive: true })
const sessions = new Map() // in place of the sessions of your framework
const login = loginHandler(app, {
  cookieSecret: COOKIE_SECRET,
  scopes: ['jobs_read', 'user_me_read'],
  id: async sr => (await sr.get('/user-api/v201804/users/me')).id,
  onConnected(grant, { returnTo = '/jobs' }) {
    const session = randomUUID()
    sessions.set(session, new SmartRecruiters({ credential: grant }))
    const cookie = `session=${session}; Path=/; HttpOnly; SameSite=Lax; Secure`
    return new Response(null, { status: 303, headers: { location: returnTo, 'set-cookie': cookie } })
  },
  onError: error => console.error(error),
})
const server = express().use(toNodeHandler(login))
server.get('/jobs', async (req, res) => {
  const sr = sessions.get(/session=([\w-]+)/.exec(req.headers.cookie)?.[1])
  if (sr === undefined) return res.redirect('/auth/login?returnTo=/jobs')
  res.json(await sr.get('/jobs', { query: { limit: 10, sort: 'job_id' } }))
})
server.listen(PORT, () => console.log(`open ${new URL('/jobs', redirectUri)}`))
