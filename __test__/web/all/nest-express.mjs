import 'reflect-metadata'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { toNodeHandler } from 'smartrecruiters/web'
import { activation, login, port } from '../handlers.mjs'
import { OwnController } from './own-controller.mjs'

class AppModule {}
Module({ controllers: [OwnController] })(AppModule)

const app = await NestFactory.create(AppModule, { logger: false })
app.use(toNodeHandler(login), toNodeHandler(activation))
await app.listen(port, '127.0.0.1')
