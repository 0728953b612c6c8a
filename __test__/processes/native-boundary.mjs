// Calls every function of the addon that takes bytes, with memory that goes away before or after the call. Prints how
// many calls had an outcome. A crash ends the process.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { addon } from '../support/addon.mjs'

const SIZE = 1 << 16
const native = addon()
const waiting = new Map()
let last = 0

const completions = new native.NativeCompletions(dispatch)

function dispatch(batch) {
  for (let at = 0; at < batch.length; at += native.STRIDE) {
    waiting.get(Math.floor(batch[at] / native.STATUSES))?.(batch.slice(at, at + native.STRIDE))
  }
  setImmediate(() => {
    const next = completions.next()
    if (next !== null) dispatch(next)
  })
}

function call(start) {
  return new Promise((resolve, reject) => {
    waiting.set(++last, resolve)
    try {
      start(last)
    } catch (error) {
      reject(error)
    }
  })
}

const transfer = buffer => structuredClone(buffer, { transfer: [buffer] })
const resizable = () => new ArrayBuffer(SIZE, { maxByteLength: 2 * SIZE })
const cut = (buffer, view) => {
  buffer.resize(0)
  return view
}

/** Memory that is gone, or is not the caller's alone, before the call. */
const BEFORE = {
  detached: () => {
    const bytes = new Uint8Array(SIZE)
    transfer(bytes.buffer)
    return bytes
  },
  'resized to nothing': () => {
    const buffer = resizable()
    return cut(buffer, new Uint8Array(buffer))
  },
  'out of bounds': () => {
    const buffer = resizable()
    return cut(buffer, new Uint8Array(buffer, 16, SIZE - 16))
  },
  'a subarray out of bounds': () => {
    const buffer = resizable()
    const view = new Uint8Array(buffer).subarray(SIZE / 2)
    return cut(buffer, view)
  },
  shared: () => new Uint8Array(new SharedArrayBuffer(SIZE)),
  'shared and growing': () => {
    const buffer = new SharedArrayBuffer(SIZE, { maxByteLength: 2 * SIZE })
    const view = new Uint8Array(buffer)
    buffer.grow(2 * SIZE)
    return view
  },
  'of WebAssembly that has grown': () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 3 })
    const view = new Uint8Array(memory.buffer)
    memory.grow(1)
    return view
  },
  'of another type': () => new Float64Array(resizable()),
  'a DataView': () => new DataView(new ArrayBuffer(SIZE)),
  'a buffer': () => new ArrayBuffer(SIZE),
  empty: () => new Uint8Array(0),
}

/** What happens to memory while the call is on its way. */
const DURING = {
  resize: buffer => buffer.resize(0),
  grow: buffer => buffer.resize(2 * SIZE),
  transfer,
  'transfer and collect': buffer => {
    transfer(buffer)
    globalThis.gc()
  },
  nothing: () => globalThis.gc(),
}

const server = createServer((request, response) => {
  request.resume()
  response.write('first')
  setTimeout(20).then(() => response.end(Buffer.alloc(4 * SIZE, 'm')))
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')

const client = native.createClient(native.apiKey('k'), {
  baseUrl: `http://127.0.0.1:${server.address().port}`,
  retries: 0,
  maxBodySize: 10 * SIZE,
  connection: { connectTimeout: 1000, proxy: false },
})
const inbox = native.createInbox(
  { name: 'default', past: Number.MAX_SAFE_INTEGER, future: 1000, attempts: 1 },
  native.memoryStore(),
  undefined,
  ['secret'],
)
// Of other bytes: the body is read before it is refused.
const SIGNATURE = inbox.sign('1', 'id', 'name', 'v1', '', new Uint8Array(1))
const store = new native.NativeCustomStore(() => {}, false, '')
const open = async () => (await call(id => client.send(completions, id, 'GET', '/x', 10_000, 'open')))[2]

/** Every function that takes bytes, by its name in `index.d.ts`. Some resolve with what the call yields. */
const USES = {
  read: async bytes => {
    const body = await open()
    return [
      bytes,
      call(id => body.read(completions, id, bytes)).finally(() => call(id => body.cancel(completions, id))),
    ]
  },
  send: bytes => [
    bytes,
    call(id => client.send(completions, id, 'POST', '/x', 10_000, 'whole', undefined, undefined, undefined, bytes)),
  ],
  write: bytes => {
    const upload = native.createUpload()
    return [
      bytes,
      Promise.race([call(id => upload.write(completions, id, bytes)), setTimeout(50)]).finally(() => upload.discard()),
    ]
  },
  loaded: bytes => [bytes, store.loaded(1, 1, bytes)],
  verify: bytes => [bytes, inbox.verify(SIGNATURE, '1', 'id', 'name', 'v1', '', bytes)],
  sign: bytes => [bytes, inbox.sign('1', 'id', 'name', 'v1', '', bytes)],
  issueToken: bytes => [bytes, inbox.issueToken('', bytes)],
  accept: bytes => [bytes, call(id => inbox.accept(completions, id, SIGNATURE, '1', 'id', 'name', 'v1', '', bytes))],
  takeIn: bytes => [bytes, call(id => inbox.takeIn(completions, id, SIGNATURE, '1', 'id', 'name', 'v1', '', bytes))],
}

let outcomes = 0
for (const use of Object.values(USES)) {
  for (const make of Object.values(BEFORE)) {
    // A conversion may refuse the value; only a crash is wrong.
    await (async () => (await use(make()))[1])().catch(() => {})
    outcomes++
  }
  for (const disturb of Object.values(DURING)) {
    await (async () => {
      const [bytes, result] = await use(new Uint8Array(resizable()))
      disturb(bytes.buffer)
      await result
    })().catch(() => {})
    outcomes++
  }
}
for (const length of [0, -1, 0.5, Number.NaN, 2 ** 31, 2 ** 32, 2 ** 53, Number.POSITIVE_INFINITY]) {
  await (async () => (await USES.read({ length }))[1])().catch(() => {})
  outcomes++
}
server.close()
process.stdout.write(JSON.stringify({ functions: Object.keys(USES), outcomes }), () => process.exit(0))
