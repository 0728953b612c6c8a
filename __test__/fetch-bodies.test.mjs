// `sr.fetch` in place of the platform's: how bodies flow through it, and how a signal stops them.

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { getEventListeners, once } from 'node:events'
import { openAsBlob } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { SmartRecruitersError } from 'smartrecruiters'
import { firstCandidate, MiB, sandbox, sha256, sr } from './support/fetch.mjs'
import { deferred, failure, serve, settled } from './support/servers.mjs'

/** Waits until the server has seen the end of a request, in whatever way. */
async function gone(request) {
  if (!request.closed) await new Promise(resolve => request.once('close', resolve))
}

// Signals.

test('a signal that was aborted before sends nothing', async t => {
  let requests = 0
  const { sr, baseUrl } = await serve(t, (_, response) => response.end(String(++requests)))
  const reason = new Error('no longer wanted')
  const signal = AbortSignal.abort(reason)
  assert.equal(await failure(sr.fetch('/', { signal })), reason)
  assert.equal(await failure(sr.fetch(new Request(baseUrl, { signal }))), reason)
  assert.equal(await failure(sr.fetch('/', { method: 'POST', body: new Blob(['x']), signal })), reason)
  assert.equal((await failure(sr.fetch('/', { signal: AbortSignal.abort() }))).name, 'AbortError')
  assert.equal(requests, 0)
})

test('an abort while the headers are waited for stops the request', async t => {
  const { server, sr, baseUrl } = await serve(t, () => {})
  for (const call of [
    signal => sr.fetch('/', { signal }),
    signal => sr.fetch(new Request(baseUrl, { signal })),
    signal => sr.fetch('/', { method: 'POST', body: new Blob(['x']), signal }),
  ]) {
    const controller = new AbortController()
    const reason = new Error('no longer wanted')
    const answer = failure(call(controller.signal))
    const [request] = await once(server, 'request')
    const closed = once(request.socket, 'close')
    controller.abort(reason)
    assert.equal(await answer, reason)
    await closed
  }
})

test('an abort while the body is read stops the request and fails the read', { timeout: 10_000 }, async t => {
  const { server, sr } = await serve(t, (_, response) => response.writeHead(200).write('first'))
  const controller = new AbortController()
  const sent = once(server, 'request')
  const response = await sr.fetch('/', { signal: controller.signal })
  const [request] = await sent
  const closed = once(request.socket, 'close')
  const reader = response.body.getReader()
  assert.equal(Buffer.from((await reader.read()).value).toString(), 'first')
  const read = failure(reader.read())
  const reason = new Error('no longer wanted')
  controller.abort(reason)
  assert.equal(await read, reason)
  await closed
})

test('an abort before the body is read fails it, and ends it', { timeout: 10_000 }, async t => {
  const { server, sr } = await serve(t, (_, response) => response.writeHead(200).write('first'))
  const controller = new AbortController()
  const sent = once(server, 'request')
  const call = sr.get('/', { signal: controller.signal })
  const response = await call.asResponse()
  const [request] = await sent
  const closed = once(request.socket, 'close')
  assert.equal(await call.asResponse(), response)
  const reason = new Error('no longer wanted')
  controller.abort(reason)
  assert.equal(await failure(response.text()), reason)
  await closed
})

test('a body can be given up while it is waited for', { timeout: 10_000 }, async t => {
  const { server, sr } = await serve(t, (_, response) => response.writeHead(200).write('first'))
  const sent = once(server, 'request')
  const reader = (await sr.fetch('/')).body.getReader()
  const [request] = await sent
  const closed = once(request.socket, 'close')
  await reader.read()
  const waiting = reader.read()
  await reader.cancel()
  assert.equal((await waiting).done, true)
  await closed
})

test('a body that fails takes its listener along', async t => {
  const { sr } = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': 1000 }).write('first', () => response.destroy())
  })
  const { signal } = new AbortController()
  for (let call = 0; call < 5; call++) await failure((await sr.fetch('/', { signal })).text())
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('an abort of a signal whose answers were read does nothing', async t => {
  const { sr } = await serve(t, (_, response) => response.end('whole'))
  const controller = new AbortController()
  const response = await sr.fetch('/', { signal: controller.signal })
  assert.equal(await response.text(), 'whole')
  controller.abort()
  assert.equal((await sr.fetch('/')).status, 200)
})

// Streams.

test('a slow body is given part by part', async t => {
  const wanted = deferred()
  const { sr } = await serve(t, async (_, response) => {
    response.write('part 1')
    await wanted.promise
    response.end('part 2')
  })
  const reader = (await sr.fetch('/')).body.getReader()
  const text = ({ value }) => Buffer.from(value).toString()
  assert.equal(text(await reader.read()), 'part 1')
  // Only now is the second one written.
  wanted.resolve()
  assert.equal(text(await reader.read()), 'part 2')
  assert.equal((await reader.read()).done, true)
})

test('a body can be read into buffers of the caller', async () => {
  const reader = (await sr.fetch('/payload/100000')).body.getReader({ mode: 'byob' })
  let length = 0
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(1000))
    if (done) break
    assert.ok(value.byteLength <= 1000)
    length += value.byteLength
  }
  assert.equal(length, 100_000)
})

test('a server cannot send more than a bounded part of what is not read', async t => {
  const total = 256 * MiB
  let written = 0
  const { sr } = await serve(t, async (request, response) => {
    if (request.url === '/echo') return response.end()
    const block = Buffer.alloc(64 * 1024)
    while (written < total) {
      written += block.length
      if (!response.write(block)) await once(response, 'drain')
    }
    response.end()
  })
  const response = await sr.fetch('/long')
  const unread = await settled(sr, () => written)
  t.diagnostic(`${unread / MiB} MiB were sent`)
  assert.ok(unread < 32 * MiB)
  let read = 0
  for await (const chunk of response.body) read += chunk.length
  assert.equal(read, total)
})

test('a long body arrives byte for byte, whether its reader is fast or slow', async t => {
  const whole = randomBytes(9 * MiB + 12_345)
  const { server, sr } = await serve(t, async (request, response) => {
    if (request.url === '/pieces') {
      for (let at = 0; at < whole.length; at += 70_001) {
        if (!response.write(whole.subarray(at, at + 70_001))) await once(response, 'drain')
        // Sometimes pieces arrive together, and sometimes alone.
        if (at % 3 === 0) await setImmediate()
      }
      return response.end()
    }
    response.end(whole)
  })
  for (const path of ['/', '/pieces']) {
    for (const turns of [0, 1, 50]) {
      const hash = createHash('sha256')
      let length = 0
      for await (const part of (await sr.fetch(path)).body) {
        hash.update(part)
        length += part.length
        // The reader owns the part: what it does to its memory changes nothing that is read later.
        part.fill(0)
        structuredClone(part.buffer, { transfer: [part.buffer] })
        for (let turn = 0; turn < turns; turn++) await setImmediate()
      }
      assert.equal(length, whole.length)
      assert.equal(hash.digest('hex'), sha256(whole), `${path}, ${turns} turns between two reads`)
    }
  }
  assert.equal(await new Promise(resolve => server.getConnections((_, count) => resolve(count))), 1)
})

test('what arrived of a long body is given before the failure that ended it', async t => {
  const part = randomBytes(3 * MiB)
  const { sr } = await serve(t, async (_, response) => {
    response.writeHead(200, { 'content-length': 2 * part.length })
    response.write(part, () => response.destroy())
  })
  const reader = (await sr.fetch('/')).body.getReader()
  const read = []
  const error = await failure(
    (async () => {
      for (;;) {
        read.push((await reader.read()).value)
        await setImmediate()
      }
    })(),
  )
  assert.equal(error.message, 'terminated')
  const arrived = Buffer.concat(read)
  assert.ok(arrived.length > MiB, `${arrived.length} bytes`)
  assert.ok(arrived.equals(part.subarray(0, arrived.length)))
})

test('an open body holds one of 64 places until it is cancelled', { timeout: 30_000 }, async t => {
  let closed = 0
  const allClosed = deferred()
  const { sr } = await serve(t, (request, response) => {
    if (request.url === '/echo') return response.end('here')
    response.write(Buffer.alloc(1000))
    request.socket.on('close', () => {
      if (++closed === 64) allClosed.resolve()
    })
  })
  const open = await Promise.all(Array.from({ length: 64 }, () => sr.fetch('/long')))
  const call = sr.fetch('/echo')
  const [first, ...rest] = open
  await first.body.cancel()
  assert.equal(await (await call).text(), 'here')
  const [second, ...others] = rest
  const reader = second.body.getReader()
  await reader.read()
  await reader.cancel('enough')
  await Promise.all(others.map(response => response.body.cancel()))
  await allClosed.promise
  const texts = await Promise.all(Array.from({ length: 64 }, async () => (await sr.fetch('/echo')).text()))
  assert.ok(texts.every(text => text === 'here'))
})

test('an upload is not taken from its source while the server does not read', async t => {
  const total = 256 * MiB
  const wanted = deferred()
  const { sr } = await serve(t, async (request, response) => {
    if (request.url === '/echo') return response.end()
    await wanted.promise
    let bytes = 0
    for await (const chunk of request) bytes += chunk.length
    response.end(String(bytes))
  })
  let pulled = 0
  const body = new ReadableStream({
    pull(controller) {
      if (pulled === total) return controller.close()
      pulled += 64 * 1024
      controller.enqueue(new Uint8Array(64 * 1024))
    },
  })
  const call = sr.fetch('/', { method: 'POST', body, duplex: 'half' })
  const unread = await settled(sr, () => pulled)
  t.diagnostic(`${unread / MiB} MiB were taken`)
  assert.ok(unread > 0 && unread < 32 * MiB)
  wanted.resolve()
  assert.equal(await (await call).text(), String(total))
})

test('the parts of an upload arrive in their order, however long each of them is', async t => {
  const { sr } = await serve(t, async (request, response) => {
    const hash = createHash('sha256')
    for await (const chunk of request) hash.update(chunk)
    response.end(hash.digest('hex'))
  })
  const sent = createHash('sha256')
  async function* source() {
    // One array for all parts, which changes as soon as the next one is asked for.
    const memory = Buffer.alloc(300_000)
    for (let part = 0; part < 400; part++) {
      const bytes = memory.subarray(0, part % 5 === 0 ? 300_000 - part : 1 + ((part * 7919) % 2000))
      bytes.fill(part)
      sent.update(bytes)
      yield bytes
    }
  }
  const answer = await sr.fetch('/', { method: 'POST', body: source(), duplex: 'half' })
  assert.equal(await answer.text(), sent.digest('hex'))
})

test('an upload whose source fails is whole nowhere, and rejects with the reason', async t => {
  let complete = 0
  const { sr } = await serve(t, request => {
    request.on('error', () => {}).on('end', () => complete++)
    request.resume()
  })
  for (let round = 0; round < 20; round++) {
    const reason = new Error('the disk is gone')
    const source = async function* () {
      yield Buffer.alloc(1000)
      throw reason
    }
    const kinds = [() => ReadableStream.from(source()), source, () => Readable.from(source(), { objectMode: false })]
    // The server may see a part of the request, or nothing of it.
    const error = failure(sr.fetch('/', { method: 'POST', body: kinds[round % 3](), duplex: 'half' }))
    const causes = []
    for (let cause = await error; cause; cause = cause.cause) causes.push(cause)
    assert.ok(causes[0] instanceof TypeError)
    assert.ok(causes[1] instanceof SmartRecruitersError, `${causes[1]}`)
    assert.ok(causes.includes(reason), `round ${round}: ${causes.join(' < ')}`)
  }
  assert.equal(complete, 0)
})

test('an abort in the middle of an upload tells its source and the server', { timeout: 10_000 }, async t => {
  const { server, sr } = await serve(t, request => request.on('error', () => {}).resume())
  const cancelled = deferred()
  const body = new ReadableStream({
    pull: controller => controller.enqueue(new Uint8Array(1000)),
    cancel: cancelled.resolve,
  })
  const controller = new AbortController()
  const reason = new Error('no longer wanted')
  const call = failure(sr.fetch('/', { method: 'POST', body, duplex: 'half', signal: controller.signal }))
  const [request] = await once(server, 'request')
  const closed = gone(request)
  controller.abort(reason)
  assert.equal(await call, reason)
  await closed
  assert.equal(request.complete, false)
  await cancelled.promise
})

test('an abort while its source is waited for stops the source at once', { timeout: 10_000 }, async t => {
  const { server, sr } = await serve(t, request => request.on('error', () => {}).resume())
  const stream = cancelled =>
    new ReadableStream({ start: c => c.enqueue(new Uint8Array(10)), cancel: cancelled.resolve })
  const iterable = cancelled => ({
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return: async value => cancelled.resolve(value),
    }),
  })
  const failing = cancelled => ({
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return() {
        cancelled.resolve()
        throw new Error('of the source itself')
      },
    }),
  })
  for (const make of [stream, iterable, failing]) {
    const cancelled = deferred()
    const controller = new AbortController()
    const reason = new Error('no longer wanted')
    const init = { method: 'POST', body: make(cancelled), duplex: 'half', signal: controller.signal }
    const call = failure(sr.fetch('/', init))
    const [request] = await once(server, 'request')
    const closed = gone(request)
    controller.abort(reason)
    assert.equal(await call, reason)
    await cancelled.promise
    await closed
  }
})

test('an abort at any turn before an upload leaves no request and no source behind', { timeout: 20_000 }, async t => {
  let requests = 0
  const { sr } = await serve(t, request => {
    requests++
    request.on('error', () => {}).resume()
  })
  for (let turns = 0; turns < 12; turns++) {
    const cancelled = deferred()
    const controller = new AbortController()
    // Parts for some turns, then none.
    let parts = 3
    const body = new ReadableStream({
      async pull(stream) {
        await setImmediate()
        if (parts-- > 0) stream.enqueue(new Uint8Array(10))
        else await new Promise(() => {})
      },
      cancel: cancelled.resolve,
    })
    const call = failure(sr.fetch('/', { method: 'POST', body, duplex: 'half', signal: controller.signal }))
    for (let turn = 0; turn < turns; turn++) await (turn % 2 ? undefined : setImmediate())
    controller.abort()
    assert.equal((await call).name, 'AbortError')
    await cancelled.promise
  }
  assert.ok(requests <= 12)
  await sr.close()
})

test('an answer that comes before the end of the upload is given', { timeout: 10_000 }, async t => {
  const { sr } = await serve(t, (_, response) => response.writeHead(413).end('too much'))
  const answered = deferred()
  const body = ReadableStream.from(
    (async function* () {
      yield Buffer.alloc(1000)
      await answered.promise
    })(),
  )
  const response = await sr.fetch('/', { method: 'POST', body, duplex: 'half' })
  assert.equal(response.status, 413)
  assert.equal(await response.text(), 'too much')
  answered.resolve()
})

// Files, by the methods of the client.

test('a file goes up from the disk as a form, byte for byte', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'smartrecruiters-'))
  t.after(() => rm(directory, { recursive: true }))
  const bytes = randomBytes(5_000_000)
  const file = join(directory, 'cv.pdf')
  await writeFile(file, bytes)
  const form = new FormData()
  form.set('attachmentType', 'RESUME')
  form.set('file', await openAsBlob(file, { type: 'application/pdf' }), 'cv.pdf')
  const before = sandbox.counters().uploads
  const params = await firstCandidate()
  const attachment = await sr.post('/candidates/{id}/jobs/{jobId}/attachments', { params, form })
  assert.deepEqual(
    [attachment.name, attachment.type, attachment.contentType, attachment.size, attachment.sha256],
    ['cv.pdf', 'RESUME', 'application/pdf', bytes.length, sha256(bytes)],
  )
  const { files, bytes: uploaded } = sandbox.counters().uploads
  assert.deepEqual([files - before.files, uploaded - before.bytes], [1, bytes.length])
})

test('a file that was sent can be fetched again', async () => {
  const bytes = randomBytes(200_000)
  const form = new FormData()
  form.set('attachmentType', 'COVER_LETTER')
  form.set('file', new Blob([bytes]), 'letter.bin')
  const params = await firstCandidate()
  const { id } = await sr.post('/candidates/{id}/jobs/{jobId}/attachments', { params, form })
  const response = await sr.get('/candidates/attachments/{id}', { params: { id } }).asResponse()
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), bytes)
})

test('a Blob, a stream and an iterable are bodies of the methods too', async () => {
  const bytes = randomBytes(300_000)
  const halves = () => [bytes.subarray(0, 100_000), bytes.subarray(100_000)]
  for (const body of [
    new Blob([bytes], { type: 'application/x-blob' }),
    ReadableStream.from(halves()),
    Readable.from(halves(), { objectMode: false }),
    Readable.toWeb(Readable.from(halves(), { objectMode: false })),
  ]) {
    const seen = await sr.post('/echo', { body })
    assert.deepEqual([seen.body.bytes, seen.body.sha256], [bytes.length, sha256(bytes)])
    if (body instanceof Blob) assert.equal(seen.headers['content-type'], 'application/x-blob')
  }
  const error = await failure(sr.post('/echo', { form: { file: 'x' } }))
  assert.equal(error.field, 'form')
})
