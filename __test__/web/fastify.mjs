import fastify from 'fastify'
import { fastifyPlugin } from 'smartrecruiters/web'
import { activation, login, port } from './handlers.mjs'

const app = fastify()
app.register(fastifyPlugin(login), { prefix: '/auth' })
app.register(fastifyPlugin(activation), { prefix: '/activate' })
app.all('/own', async request => request.body ?? {})
await app.listen({ port, host: '127.0.0.1' })
