import 'reflect-metadata'
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { fastifyPlugin } from 'smartrecruiters/web'
import { handle, handler, port } from '../../webhooks/receiver.mjs'

const plugin = fastifyPlugin(handler)
const prefix = order => ({ prefix: `/${order}` })

const orders = {
  before: [{}, app => app.useBodyParser('application/json').register(plugin, prefix('before'))],
  after: [{}, app => app.register(plugin, prefix('after'))],
  'global-raw': [{ rawBody: true }, app => app.register(plugin, prefix('global-raw'))],
  'route-raw': [{ bodyParser: false }, app => app.register(plugin, prefix('route-raw'))],
  rewritten: [{}, app => app.register(rewritten)],
}

async function rewritten(app) {
  app.addHook('preParsing', async (_request, _reply, payload) => {
    return Readable.from([Buffer.from(JSON.stringify(await json(payload)))])
  })
  app.register(plugin, prefix('rewritten'))
}

class AppModule {}
Module({})(AppModule)

handle()
const apps = {}
for (const [order, [options, use]] of Object.entries(orders)) {
  const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false, ...options })
  await use(app)
  await app.init()
  const fastify = app.getHttpAdapter().getInstance()
  await fastify.ready()
  apps[`/${order}`] = fastify
}
createServer((req, res) => apps[req.url].routing(req, res)).listen(port, '127.0.0.1')
