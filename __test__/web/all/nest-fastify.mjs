import 'reflect-metadata'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { fastifyPlugin } from 'smartrecruiters/web'
import { activation, login, port } from '../handlers.mjs'
import { OwnController } from './own-controller.mjs'

class AppModule {}
Module({ controllers: [OwnController] })(AppModule)

const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false })
await app.register(fastifyPlugin(login), { prefix: '/auth' })
await app.register(fastifyPlugin(activation), { prefix: '/activate' })
await app.listen(port, '127.0.0.1')
