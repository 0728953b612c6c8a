import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { activation, login, port } from './handlers.mjs'

const app = new Hono()
app.all('/auth/*', async c => (await login(c.req.raw, c)) ?? c.notFound())
app.all('/activate', async c => (await activation(c.req.raw, c)) ?? c.notFound())
app.all('/own', async c => c.json(c.req.method === 'POST' ? await c.req.json() : {}))
serve({ fetch: app.fetch, port, hostname: '127.0.0.1' })
