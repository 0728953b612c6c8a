import express from 'express'
import { toNodeHandler } from 'smartrecruiters/web'
import { handle, handler, port } from './receiver.mjs'

const serve = toNodeHandler(handler)

const orders = {
  before: app => app.use(express.json()).post('/', serve),
  after: app => app.post('/', serve).use(express.json()),
  'global-raw': app => app.use(express.raw({ type: '*/*' })).post('/', serve),
  'route-raw': app => app.post('/', express.raw({ type: '*/*' }), serve),
  rewritten: app => app.use(express.json(), rewritten).post('/', serve),
}

function rewritten(req, _res, next) {
  req.body = Buffer.from(JSON.stringify(req.body))
  next()
}

handle()
const server = express()
for (const [order, use] of Object.entries(orders)) {
  const app = express()
  use(app)
  server.use(`/${order}`, app)
}
server.listen(port, '127.0.0.1')
