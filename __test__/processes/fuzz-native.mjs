// Calls every function of the addon with generated arguments, of the types that its declarations name and of others.
// Writes each call into the file that is its first argument, so that the last one is known if the process crashes, and
// prints what came of all. The seed and the number of calls are the other arguments.

import { once } from 'node:events'
import { openSync, readFileSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { addon } from '../support/addon.mjs'
import { always, mostly, number, objectOf, text } from '../support/generated-values.mjs'

const [file, seed, count] = process.argv.slice(2)
const log = openSync(file, 'w')
const native = addon()
const declarations = readFileSync(new URL('../../index.d.ts', import.meta.url), 'utf8')

/** These end or block the process on purpose, keep it busy for good, or register a function that only the face gives. */
const LEFT_OUT = [
  'endExchanges',
  'onProcessWarning',
  'new NativeCompletions',
  'new NativeWatcher',
  'NativeOAuthApp.keepAliveInBackground',
]

// Everything that is sent comes here, so that no request leaves the machine.
const server = createServer((request, response) => {
  request.resume()
  // A body that does not end yet.
  if (request.url === '/open') return response.write('part')
  response.setHeader('content-type', 'application/json')
  response.end(request.url === '/token' ? '{"access_token":"a"}' : '{"content":[{"id":"1"}],"totalFound":1}')
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const baseUrl = `http://127.0.0.1:${server.address().port}`

const wrong = []
let completed = 0
let lastId = 1
const completions = new native.NativeCompletions(function dispatch(batch) {
  for (let at = 0; at < batch.length; at += native.STRIDE) {
    const [status, ...values] = batch.slice(at, at + native.STRIDE)
    completed++
    values.forEach(keep)
    if (status % native.STATUSES === native.FAILURE) checkRefusal('a call', values)
  }
  setImmediate(() => {
    const next = completions.next()
    if (next !== null) dispatch(next)
  })
})

/** A refusal has a code, and is not a defect. */
function checkRefusal(name, values) {
  const refusal = values.find(value => typeof value?.code === 'string')
  // A custom store is answered at random here, as the face never does.
  if (refusal?.message.includes("a store's answer was to another question")) return
  if (!/^[A-Z_]+$/.test(refusal?.code) || refusal.code === 'INTERNAL') wrong.push(`${name}: ${inspect(values)}`)
}

/** Objects of the addon by their class. Calls add to them what they return. */
const pool = new Map([['NativeCompletions', [completions]]])
const handle = (name, at) => pool.get(name)?.at(at % pool.get(name).length)
function keep(value) {
  const name = value?.constructor?.name
  if (!name?.startsWith('Native') || typeof native[name] !== 'function') return
  const known = pool.get(name) ?? []
  // The newest few are enough: what they hold would add up otherwise.
  pool.set(name, [...known.slice(-7), value])
}

/** A type of the declarations, as an arbitrary of functions that make a value of it when it is used. */
function ofType(type) {
  if (type.startsWith('CallId')) return fc.constant(() => ++lastId)
  const parts = type.split(' | ').filter(part => !['undefined', 'null'].includes(part))
  const isOptional = parts.length < type.split(' | ').length
  const arbitrary = fc.oneof(...parts.map(ofPart))
  return isOptional ? fc.option(arbitrary, { nil: () => undefined }) : arbitrary
}

const listOf = (inner, most) => fc.array(inner, { maxLength: most }).map(makers => () => makers.map(make => make()))
const KNOWN = [baseUrl, `${baseUrl}/token`, '/jobs', '/jobs/{id}', 'id', 'GET', 'POST', 'client', '01'.repeat(32)]
const strings = fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...KNOWN) }, { weight: 1, arbitrary: text })

function ofPart(type) {
  if (type === 'string') return always(strings)
  if (type === 'number') return always(number)
  if (type === 'boolean') return always(fc.boolean())
  if (type === 'Uint8Array' || type === 'Bytes') return always(fc.uint8Array({ maxLength: 64 }))
  if (type.startsWith('Record')) return always(fc.dictionary(strings, strings, { maxKeys: 3 }))
  if (type.startsWith('(')) return fc.constant(() => () => {})
  const list = /^Array<(.*)>$/.exec(type)
  if (list) return listOf(ofType(list[1]), 4)
  const union = new RegExp(`^export type ${type} = (.*)$`, 'm').exec(declarations)
  if (union) return always(fc.constantFrom(...union[1].split(' | ').map(choice => choice.replaceAll("'", ''))))
  const properties = new RegExp(`^export interface ${type} \\{\n(.*?)^\\}`, 'ms').exec(declarations)
  if (properties) return ofObject(properties[1])
  if (new RegExp(`^export declare class ${type} `, 'm').test(declarations)) {
    return fc.nat(9).map(at => () => handle(type, at))
  }
  throw new Error(`${type} is a type that is not known here`)
}

const HERE = {
  environment: fc.constant(() => undefined),
  baseUrl: fc.constant(() => baseUrl),
  tokenUrl: fc.constant(() => `${baseUrl}/token`),
}

function ofObject(properties) {
  const makers = {}
  for (const [, name, optional, type] of properties.matchAll(/^ {2}(?:readonly )?(\w+)(\??): (.*)$/gm)) {
    makers[name] = optional ? fc.option(ofType(type), { nil: () => undefined }) : ofType(type)
  }
  // Where requests go is not generated.
  if ('baseUrl' in makers) Object.assign(makers, HERE)
  return fc.record(makers).map(objectOf)
}

/** The parameters of a declaration. Their types may hold commas. */
function parametersOf(list) {
  const parts = []
  let depth = 0
  let part = ''
  for (const character of list) {
    depth += '(<{'.includes(character) ? 1 : ')>}'.includes(character) ? -1 : 0
    // The arrow of a function's type closes nothing.
    if (character === '>' && part.endsWith('=')) depth++
    if (character === ',' && depth === 0) {
      parts.push(part)
      part = ''
    } else part += character
  }
  return [...parts, part].filter(text => text.trim() !== '').map(text => text.slice(text.indexOf(':') + 1).trim())
}

/** All that can be called: by name, the types of its parameters, and how it is called with an object to call it on. */
function functions() {
  const found = []
  for (const [, name, list] of declarations.matchAll(/^export declare function (\w+)\((.*)\): .*$/gm)) {
    found.push({ name, types: parametersOf(list), call: (_, values) => native[name](...values) })
  }
  for (const [, of, body] of declarations.matchAll(/^export declare class (\w+) \{\n(.*?)^\}/gms)) {
    for (const [, name, list] of body.matchAll(/^ {2}(\w+)\((.*)\)(?:: .*)?$/gm)) {
      const types = parametersOf(list)
      if (name === 'constructor')
        found.push({ name: `new ${of}`, types, call: (_, values) => new native[of](...values) })
      else found.push({ name: `${of}.${name}`, of, types, call: (object, values) => object[name](...values) })
    }
    for (const [, name] of body.matchAll(/^ {2}get (\w+)\(\)/gm)) {
      found.push({ name: `${of}.${name}`, of, types: [], call: object => object[name] })
    }
  }
  return found.filter(({ name }) => !LEFT_OUT.includes(name))
}

const outcomes = { returned: 0, refused: 0, threw: 0 }
const called = new Set()

function use({ name, of, call }, at, makers) {
  const target = of === undefined ? undefined : handle(of, at)
  if (of !== undefined && target === undefined) return
  const values = makers.map(make => make())
  // Files are made in the folder of this process alone.
  if (name === 'sqliteStore' && typeof values[0] === 'string') values[0] = `store-${values[0].length}.sqlite`
  writeSync(log, `${name} ${described(values)}\n`)
  called.add(name)
  try {
    const value = call(target, values)
    keep(value)
    const isRefusal = typeof value?.code === 'string' && Object.hasOwn(value, 'message')
    outcomes[isRefusal ? 'refused' : 'returned']++
    if (isRefusal) checkRefusal(name, [value])
  } catch (error) {
    outcomes.threw++
    // napi-rs converts the arguments before it calls. What it cannot convert is a refusal, and a panic is not; what a
    // getter of an argument throws is the caller's own.
    if (!(error instanceof Error) || /panic/i.test(error.message)) wrong.push(`${name}: ${error}`)
  }
}

/** Some values cannot be printed, since their getters throw. */
function described(values) {
  try {
    return inspect(values, { depth: 3, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 100 })
  } catch {
    return '(not printable)'
  }
}

const all = functions()
const uses = fc.constantFrom(...all).chain(each => {
  const makers = each.types.map(type => mostly(ofType(type)))
  return fc.tuple(fc.constant(each), fc.nat(9), fc.tuple(...makers))
})

/** Puts into the pool what works, since most of what is generated is refused, and clients are closed. */
function replenish() {
  const connection = { connectTimeout: 1000, proxy: false }
  const registration = { clientId: 'client', tokenUrl: `${baseUrl}/token`, baseUrl, connection }
  const app = { redirectUri: 'http://localhost/callback', scopes: [], pkce: true, sendResponseType: true }
  const inbox = { name: 'main', past: 60_000, future: 60_000, attempts: 2 }
  const store = native.memoryStore()
  const made = [
    store,
    native.createClient(native.apiKey('key'), { baseUrl, retries: 0, maxBodySize: 1000, connection }),
    native.createOauthApp(registration, { ...app, sendRedirectUri: true }, 'secret', store, undefined, () => {}),
    native.createPartnerApp(registration, 'secret', store),
    native.createInbox(inbox, store, undefined, ['secret']),
    native.createUpload(),
    new native.NativeWatcher(() => {}),
  ]
  const [, client, , , receiver] = made
  const pages = client.pages('/jobs', 1000)
  made.push(pages, pages.start())
  for (const each of made) keep(each)
  // What these resolve with is kept too: a body, and a claim.
  client.send(completions, ++lastId, 'GET', '/open', 10_000, 'open')
  const request = [`${Math.floor(Date.now() / 1000)}`, `${lastId}`, 'job.created', 'v1', '', Buffer.from('{}')]
  receiver.accept(completions, ++lastId, receiver.sign(...request), ...request)
  receiver.next(completions, ++lastId)
  return client
}

let calls = 0
for (const [each, at, makers] of fc.sample(uses, { seed: Number(seed), numRuns: Number(count) })) {
  // What was begun goes on now and then, as in a program.
  if (calls++ % 50 === 0) {
    replenish()
    await turn()
  }
  use(each, at, makers)
}

// The process still does its work.
const client = replenish()
const before = completed
client.send(completions, ++lastId, 'GET', '/jobs', 10_000, 'whole')
while (completed === before) await turn()

const notCalled = all.map(({ name }) => name).filter(name => !called.has(name))
const result = { calls, functions: all.length, notCalled, completed, ...outcomes, wrong }
process.stdout.write(JSON.stringify(result), () => process.exit(0))
