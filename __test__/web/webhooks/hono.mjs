import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { ANSWERS, handle, handler, port } from './receiver.mjs'

const orders = {
  before: app => app.use(parse).post('/', c => handler(c.req.raw)),
  after: app => app.post('/', c => ANSWERS.after(c.req.raw)),
  'global-raw': app => app.use(read).post('/', c => handler(c.req.raw)),
  'route-raw': app => app.post('/', c => ANSWERS['route-raw'](c.req.raw)),
  rewritten: app => app.post('/', c => ANSWERS.rewritten(c.req.raw)),
}

async function parse(c, next) {
  await c.req.json()
  await next()
}

async function read(c, next) {
  await c.req.arrayBuffer()
  await next()
}

handle()
const server = new Hono()
for (const [order, use] of Object.entries(orders)) server.route(`/${order}`, use(new Hono()))
serve({ fetch: server.fetch, port, hostname: '127.0.0.1' })
