import express from 'express'
import { toNodeHandler } from 'smartrecruiters/web'
import { activation, login, port } from './handlers.mjs'

express()
  .use(toNodeHandler(login), toNodeHandler(activation))
  .use(express.json())
  .all('/own', (req, res) => void res.json(req.body ?? {}))
  .listen(port, '127.0.0.1')
