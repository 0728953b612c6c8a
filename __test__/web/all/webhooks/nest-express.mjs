import 'reflect-metadata'
import { createServer } from 'node:http'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import express from 'express'
import { toNodeHandler } from 'smartrecruiters/web'
import { handle, handler, port } from '../../webhooks/receiver.mjs'

const serve = toNodeHandler(handler)

/** NestJS has its parsers after what `use` adds, unless the app adds parsers itself. */
const orders = {
  before: [{}, app => app.use(express.json()).use(serve)],
  after: [{}, app => app.use(serve)],
  'global-raw': [{ rawBody: true }, app => app.use(serve)],
  'route-raw': [{ bodyParser: false }, app => app.use(express.raw({ type: '*/*' }), serve)],
  rewritten: [{ bodyParser: false }, app => app.use(express.json(), rewritten, serve)],
}

function rewritten(req, _res, next) {
  req.body = Buffer.from(JSON.stringify(req.body))
  next()
}

class AppModule {}
Module({})(AppModule)

handle()
const apps = {}
for (const [order, [options, use]] of Object.entries(orders)) {
  const app = await NestFactory.create(AppModule, { logger: false, ...options })
  use(app)
  await app.init()
  apps[`/${order}`] = app.getHttpAdapter().getInstance()
}
createServer((req, res) => apps[req.url](req, res)).listen(port, '127.0.0.1')
