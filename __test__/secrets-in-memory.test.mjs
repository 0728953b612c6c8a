// The memory of a process that has used grants and other credentials and closed its clients, searched from outside for
// their secrets.

import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { authority, serverCertificate } from './support/certificates.mjs'
import { listen } from './support/servers.mjs'

const GRANTS = 121
const CUSTOMERS = 20
/** How many secrets may be left behind, where a thread's stack or registers still show what they last worked on. */
const MOST_LEFT = 2
const LENGTH = 40
/** How much memory is read at once, in bytes. */
const PART = 16 * 1024 * 1024
const PAGE = 4096

/** A secret that begins with its kind, so that one search finds all. */
const secret = kind => `${kind}${randomBytes(LENGTH).toString('hex')}`.slice(0, LENGTH)

/**
 * A small SmartRecruiters over TLS. `issued` has what it has issued, by kind: the refresh tokens `rt1_` are spent, `rt2_`
 * are live, and `ps0_` are the client secrets of a partner's customers.
 */
async function startServer(t, certificate) {
  const issued = { rt1_: [], rt2_: [], at1_: [], at2_: [], at0_: [], ps0_: [] }
  const issue = kind => {
    const text = secret(kind)
    issued[kind].push(text)
    return text
  }
  const server = createServer(certificate, async (request, response) => {
    let form = ''
    for await (const part of request) form += part
    const answer = body => response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
    if (request.url.startsWith('/apps-integrations/'))
      return answer({ clientId: 'client', clientSecret: issue('ps0_') })
    if (request.url !== '/identity/oauth/token') return answer({})
    const spent = new URLSearchParams(form).get('refresh_token')
    const time = spent === null ? 0 : spent.startsWith('rt0_') ? 1 : 2
    const tokens = { access_token: issue(`at${time}_`), ...(time > 0 && { refresh_token: issue(`rt${time}_`) }) }
    answer({ ...tokens, token_type: 'bearer', expires_in: 1800 })
  })
  return { baseUrl: `https://127.0.0.1:${await listen(t, server)}`, issued }
}

/** The memory of a process that is not a copy of a file: heaps, stacks and all else that it has written. */
function* memoryOf(pid) {
  const maps = readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  try {
    for (const line of maps) {
      const [, from, to, mode, name] = /^(\w+)-(\w+) (\S+) \S+ \S+ \d+ *(.*)$/.exec(line) ?? []
      // The kernel's own pages cannot be read.
      if (from === undefined || !mode.startsWith('rw') || name.startsWith('[v')) continue
      const end = Number.parseInt(to, 16)
      let at = Number.parseInt(from, 16)
      while (at < end) {
        const bytes = Buffer.alloc(Math.min(PART, end - at))
        const length = read(memory, bytes, at)
        if (length > 0) yield bytes.subarray(0, length)
        if (at + length === end) break
        // Parts overlap, so that no secret lies across two of them. Pages that cannot be read are left out.
        at += length > LENGTH ? length - LENGTH : PAGE
      }
    }
  } finally {
    closeSync(memory)
  }
}

function read(memory, bytes, at) {
  try {
    return readSync(memory, bytes, 0, bytes.length, at)
  } catch (error) {
    // Pages that were reserved, and never used.
    if (error.code === 'EIO') return 0
    throw error
  }
}

/** How many of the secrets of each kind are in the memory of a process. A secret counts once, however often it is there. */
function search(pid, secrets) {
  const found = Object.fromEntries(Object.keys(secrets).map(kind => [kind, new Set()]))
  let total = 0
  for (const bytes of memoryOf(pid)) {
    total += bytes.length
    for (const [kind, values] of Object.entries(secrets)) {
      // All secrets of a kind begin alike.
      const begin = values[0].subarray(0, 4)
      for (let at = bytes.indexOf(begin); at >= 0; at = bytes.indexOf(begin, at + 1)) {
        const value = values.find(value => value.equals(bytes.subarray(at, at + value.length)))
        if (value !== undefined) found[kind].add(value)
      }
    }
  }
  console.log('MiB', total / 2 ** 20)
  return Object.fromEntries(Object.entries(found).map(([kind, values]) => [kind, values.size]))
}

const skip = process.platform !== 'linux' && 'the memory of another process can be read on Linux only'

test('a closed client leaves no refresh token, client secret or key in native memory', { skip }, async t => {
  const ca = await authority()
  const { baseUrl, issued } = await startServer(t, await serverCertificate(ca))
  const folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const key = randomBytes(32)
  const given = {
    clientSecret: secret('cs0_'),
    partnerSecret: secret('cs1_'),
    apiKey: secret('key_'),
    encryptionKey: key.toString('base64'),
  }
  const imported = Array.from({ length: GRANTS }, () => secret('rt0_'))
  // Behind a character that makes V8 keep two bytes for each, and in Base64: the process must not get to see a secret as
  // text of one byte per character.
  const utf16 = text => Buffer.from(`\u2603${text}`, 'utf16le').toString('base64')
  const options = {
    baseUrl,
    ca: ca.cert,
    folder,
    secrets: Object.fromEntries(Object.entries(given).map(([name, text]) => [name, utf16(text)])),
    customers: CUSTOMERS,
    imported: imported.map(utf16),
  }
  const program = new URL('./processes/secret-holder.mjs', import.meta.url)
  const holder = fork(program, [JSON.stringify(options)], { execArgv: ['--expose-gc'] })
  t.after(() => holder.kill('SIGKILL'))
  const ended = once(holder, 'exit').then(([code]) => assert.fail(`the process ended with ${code}`))
  ended.catch(() => {})
  const says = () => Promise.race([once(holder, 'message'), ended])

  await says()
  assert.deepEqual([issued.rt2_.length, issued.ps0_.length], [GRANTS, CUSTOMERS])
  const texts = { rt0_: imported, ...issued, key: [key] }
  for (const [name, text] of Object.entries(given)) texts[name] = [text]
  const secrets = Object.fromEntries(
    Object.entries(texts).map(([kind, values]) => [kind, values.map(value => Buffer.from(value))]),
  )
  const closed = search(holder.pid, secrets)
  holder.send('collect')
  await says()
  const collected = search(holder.pid, secrets)
  t.diagnostic(`of ${GRANTS} grants, after close(): ${JSON.stringify(closed)}`)
  t.diagnostic(`once the apps and credentials are collected: ${JSON.stringify(collected)}`)

  // What apps and credentials still hold is found, so the search works.
  assert.equal(closed.at2_, GRANTS, 'the access tokens of an app that can still be used')
  assert.equal(closed.clientSecret + closed.apiKey, 2, 'the secrets of credentials that can still be used')
  const { rt0_, rt1_, rt2_, encryptionKey, key: rawKey } = closed
  assert.ok(rt0_ + rt1_ + rt2_ + encryptionKey + rawKey <= MOST_LEFT, JSON.stringify(closed))
  const left = Object.values(collected).reduce((sum, count) => sum + count, 0)
  assert.ok(left <= MOST_LEFT, JSON.stringify(collected))
})
