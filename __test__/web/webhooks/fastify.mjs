import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import fastify from 'fastify'
import { fastifyPlugin } from 'smartrecruiters/web'
import { handle, handler, port } from './receiver.mjs'

const plugin = fastifyPlugin(handler)
const parsed = [{ parseAs: 'string' }, (_request, body, done) => done(null, JSON.parse(body))]
const raw = [{ parseAs: 'buffer' }, (_request, body, done) => done(null, body)]

const orders = {
  before: app => app.addContentTypeParser('application/json', ...parsed).register(plugin),
  after: app => app.register(plugin).addContentTypeParser('application/json', ...parsed),
  'global-raw': app => app.addContentTypeParser('*', ...raw).register(plugin),
  'route-raw': app => app.register(child => child.addContentTypeParser('*', ...raw).register(plugin)),
  rewritten: app => app.addHook('preParsing', rewritten).register(plugin),
}

async function rewritten(_request, _reply, payload) {
  return Readable.from([Buffer.from(JSON.stringify(await json(payload)))])
}

handle()
const server = fastify()
for (const [order, use] of Object.entries(orders)) {
  server.register(async app => void use(app), { prefix: `/${order}` })
}
await server.listen({ port, host: '127.0.0.1' })
