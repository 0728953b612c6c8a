import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { toNodeHandler } from 'smartrecruiters/web'
import { handle, handler, port } from './receiver.mjs'

const serve = toNodeHandler(handler)

const orders = {
  async before(req, res) {
    req.body = await json(req)
    serve(req, res)
  },
  after(req, res) {
    serve(req, res)
  },
  async 'global-raw'(req, res) {
    req.rawBody = Buffer.concat(await req.toArray())
    serve(req, res)
  },
  async 'route-raw'(req, res) {
    serve(withBody(req, Buffer.concat(await req.toArray())), res)
  },
  async rewritten(req, res) {
    serve(withBody(req, JSON.stringify(await json(req))), res)
  },
}

/** A stream in place of the request, as proxies and recorders make it. */
function withBody({ method, url, headers, socket }, body) {
  return Object.assign(Readable.from([Buffer.from(body)]), { method, url, headers, socket })
}

handle()
createServer((req, res) => orders[req.url.slice(1)](req, res)).listen(port, '127.0.0.1')
