// Stores of users' own, which may do anything: every failure is bounded, is a StoreError that says which method did what,
// and is reported by an event where no caller waits.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigurationError, OAuthApp, PartnerApp, SmartRecruiters, StoreError } from 'smartrecruiters'

const OPTIONS = {
  clientId: 'client',
  clientSecret: 'secret',
  redirectUri: 'http://localhost/callback',
  // Nobody listens there.
  baseUrl: 'http://127.0.0.1:9',
}
const GOOD = { durable: false, load: () => undefined, swap: () => true, due: () => [] }

const appWith = (methods, options) => new OAuthApp({ ...OPTIONS, store: { ...GOOD, ...methods }, ...options })

function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** Asserts that a promise rejects with a StoreError whose message matches. */
function failsWith(promise, message) {
  return assert.rejects(promise, error => {
    assert.ok(error instanceof StoreError, String(error))
    assert.equal(error.code, 'STORE')
    assert.match(error.message, message)
    assert.ok(!error.message.includes('canary'))
    return true
  })
}

function throwing(name) {
  return Object.defineProperty({}, name, {
    get() {
      throw new Error('no')
    },
  })
}

function detached() {
  const content = new Uint8Array(8)
  structuredClone(content.buffer, { transfer: [content.buffer] })
  return content
}

function shrunk() {
  const buffer = new ArrayBuffer(16, { maxByteLength: 32 })
  const content = new Uint8Array(buffer, 8, 8)
  buffer.resize(4)
  return content
}

test('whatever a store throws or rejects with is a StoreError, and no unhandled rejection', async t => {
  const unhandled = []
  const listener = error => unhandled.push(error)
  process.on('unhandledRejection', listener)
  t.after(() => process.off('unhandledRejection', listener))
  const reasons = [
    [new Error('redis://user:canary@host is down'), /load\(\) failed: Error: redis:\/\/host is down/],
    [revoked(), /load\(\) failed: its reason cannot be read/],
    [throwing('message'), /load\(\) failed: its reason cannot be read/],
    [throwing('name'), /load\(\) failed: its reason cannot be read/],
    [undefined, /load\(\) failed: it gave no reason/],
    [null, /it gave no reason/],
    ['text', /it gave no reason/],
    [Symbol('reason'), /it gave no reason/],
    [Object.create(null), /it gave no reason/],
    [{ message: Symbol('reason') }, /it gave no reason/],
    [{ message: 'm'.repeat(1e6), name: 7 }, /load\(\) failed: Error: m{400,}$/],
    [Object.assign(() => {}, { message: 'of a function' }), /of a function/],
  ]
  for (const [reason, message] of reasons) {
    const ways = {
      rejects: () => Promise.reject(reason),
      throws() {
        throw reason
      },
      // biome-ignore lint/suspicious/noThenProperty: a thenable that is not a promise is what is tried.
      thenable: () => ({ then: (_resolve, reject) => reject(reason) }),
    }
    for (const load of Object.values(ways))
      await failsWith(appWith({ load }).import({ id: 'a', refreshToken: 'r' }), message)
  }
  await new Promise(setImmediate)
  assert.deepEqual(unhandled, [])
})

test('a record that is not one is refused, and names what it should be', async () => {
  const content = new Uint8Array()
  const bad = [
    [7, /a record or undefined, but returned a number/],
    ['record', /a record or undefined, but returned a string/],
    [[1, content], /a record or undefined, but returned a list/],
    [revoked(), /TypeError/],
    [{ version: Number.NaN, content }, /a version of 1 or more/],
    [{ version: -1, content }, /a version of 1 or more/],
    [{ version: 0, content }, /a version of 1 or more/],
    [{ version: 1.5, content }, /a version of 1 or more/],
    [{ version: 2 ** 53, content }, /a version of 1 or more/],
    [{ version: '1', content }, /a version of 1 or more, but returned a string/],
    [{ version: 1n, content }, /a version of 1 or more, but returned a bigint/],
    [{ content }, /a version of 1 or more, but returned undefined/],
    [{ version: 1, content: 'text' }, /a Uint8Array, but returned a string/],
    [{ version: 1, content: new SharedArrayBuffer(8) }, /a Uint8Array, but returned bytes/],
    [{ version: 1, content: new ArrayBuffer(8) }, /a Uint8Array, but returned bytes/],
    [{ version: 1, content: [1, 2, 3] }, /a Uint8Array, but returned a list/],
    [{ version: 1, content: detached() }, /has lost its memory/],
    [{ version: 1, content: shrunk() }, /has lost its memory/],
    [throwing('version'), /load\(\) failed: Error: no/],
  ]
  for (const [record, message] of bad) {
    await failsWith(appWith({ load: () => record }).import({ id: 'a', refreshToken: 'r' }), message)
  }
  for (const won of [1, 'yes', undefined, null, {}]) {
    await failsWith(
      appWith({ swap: () => won }).import({ id: 'a', refreshToken: 'r' }),
      /swap\(\) failed: .*true or false/,
    )
  }
})

/** A store in memory that keeps its promises, with what its methods need in fields of a class. */
class ClassStore {
  #records = new Map()
  durable = false

  async load(id) {
    const record = this.#records.get(id)
    // As an object of an ORM has it: by getters of its class, over memory that is shared, or can be resized.
    return record && new Row(record)
  }

  async swap(id, expected, content, due) {
    if ((this.#records.get(id)?.version ?? 0) !== expected) return false
    this.#records.set(id, { version: expected + 1, content: content.slice(), due })
    return true
  }

  async due(before, limit, after) {
    const order = (a, b) => a.due - b.due || (a.id < b.id ? -1 : Number(a.id > b.id))
    const all = [...this.#records].map(([id, { due }]) => ({ id, due })).sort(order)
    return all.filter(entry => entry.due < before && (after === undefined || order(entry, after) > 0)).slice(0, limit)
  }

  get ids() {
    return [...this.#records.keys()]
  }
}

class Row {
  #record
  constructor(record) {
    this.#record = record
  }
  get version() {
    return this.#record.version
  }
  get content() {
    const { content } = this.#record
    const shared = new Uint8Array(new SharedArrayBuffer(content.length))
    shared.set(content)
    return shared
  }
}

test('a store may be an object of a class, with methods on its prototype and records with getters', async () => {
  const store = new ClassStore()
  const app = new OAuthApp({ ...OPTIONS, store })
  const expiresAt = Date.now() + 3_600_000
  for (const id of ['b', 'a', 'c'])
    await app.import({ id, refreshToken: 'r', accessToken: `token-of-${id}`, expiresAt })
  const sr = new SmartRecruiters({ credential: app.grant('a') })
  assert.equal((await sr.token()).accessToken, 'token-of-a')
  const listed = []
  for await (const { id } of app.grants()) listed.push(id)
  assert.deepEqual(listed.toSorted(), ['a', 'b', 'c'])

  // A store that can be resized, and a getter that gives the methods, are as good.
  const growing = new OAuthApp({
    ...OPTIONS,
    store: {
      get load() {
        return async id => {
          const record = await store.load(id)
          if (record === undefined) return null
          const content = new Uint8Array(new ArrayBuffer(record.content.length, { maxByteLength: 1 << 16 }))
          content.set(record.content)
          return { version: record.version, content }
        }
      },
      swap: (...args) => store.swap(...args),
      due: (...args) => store.due(...args),
      durable: false,
    },
  })
  assert.equal((await new SmartRecruiters({ credential: growing.grant('b') }).token()).accessToken, 'token-of-b')
})

test('what is wrong with the object itself is a ConfigurationError that names it', () => {
  const bad = [
    [revoked(), 'store'],
    [7, 'store'],
    [() => {}, 'store'],
    [{ ...GOOD, load: undefined }, 'store.load'],
    [{ ...GOOD, swap: 'swap' }, 'store.swap'],
    [{ load: GOOD.load, swap: GOOD.swap }, 'store.due'],
    [Object.assign(throwing('load'), { swap: GOOD.swap, due: GOOD.due }), 'store'],
    [{ ...GOOD, durable: 'no' }, 'store.durable'],
    [{ ...GOOD, namespace: 7 }, 'store.namespace'],
    [{ ...GOOD, namespace: 'half \ud83d' }, 'store.namespace'],
    [{ ...GOOD, namespace: 'a\0b' }, 'store.namespace'],
    [Object.defineProperties({ ...GOOD }, Object.getOwnPropertyDescriptors(throwing('namespace'))), 'store'],
  ]
  for (const [store, field] of bad) {
    assert.throws(
      () => new OAuthApp({ ...OPTIONS, store }),
      error => error instanceof ConfigurationError && error.field === field,
      field,
    )
  }
})

/** A record of a grant that is good for weeks, as a store that seals nothing gets to see it. */
async function record() {
  const written = new Promise(resolve => {
    const swap = (_id, _expected, content) => {
      resolve({ version: 1, content })
      return true
    }
    void appWith({ swap }).import({ id: 'a', refreshToken: 'r' })
  })
  return written
}

/** Everything that goes through a store's records page by page. */
const PASSES = {
  'grants()': async store => {
    for await (const _ of appWith(store).grants());
  },
  // Its records are not due, so that each of them is skipped, and none is renewed.
  'keepAlive()': async store => {
    const renewed = await record()
    await appWith({ ...store, load: () => renewed }).keepAlive({ perSecond: 1000 })
  },
  'rekey()': store => appWith(store, { encryptionKey: '5a'.repeat(32) }).rekey(),
  'customers()': async store => {
    const { clientId, clientSecret, baseUrl } = OPTIONS
    for await (const _ of new PartnerApp({
      clientId,
      clientSecret,
      baseUrl,
      store: { ...GOOD, ...store },
    }).customers());
  },
}

const NEVER = 8_640_000_000_000_000
const named = (ids, due) => ids.map(id => ({ id, due }))
const many = Array.from({ length: 1000 }, (_, number) => `customer:${String(number).padStart(4, '0')}`)

for (const [pass, run] of Object.entries(PASSES)) {
  // What these list is due when each of them looks at it.
  const at = pass === 'customers()' ? NEVER : 5

  test(`${pass} ends where a store's due() ignores \`after\`, and says so`, async () => {
    let asked = 0
    const due = (_before, limit) => {
      asked++
      return named(many.slice(0, limit), at)
    }
    await failsWith(run({ due }), /due\(\) failed: .*check that it does not ignore `after`/)
    // Once for the first page, and once for the next; customers() begins after a place.
    assert.ok(asked <= 2, String(asked))
  })

  test(`${pass} ends where a store's due() goes back and forth between two pages`, async () => {
    let asked = 0
    const halves = limit => [named(many.slice(0, limit), at), named(many.slice(-limit), at)]
    const due = (_before, limit) => halves(limit)[asked++ % 2]
    await failsWith(run({ due }), /due\(\) failed/)
    assert.ok(asked <= 3, String(asked))
  })
}

test('a page of due() that is not one is refused, however long it is', async () => {
  const holes = [{ id: 'a', due: 1 }]
  holes[2] = { id: 'b', due: 1 }
  const getter = Object.defineProperty([], 0, {
    get() {
      throw new Error('no')
    },
  })
  const endless = new Proxy([], { get: (list, key) => (key === 'length' ? 2 ** 32 - 1 : list[key]) })
  const bad = [
    [7, /a list, but returned a number/],
    [undefined, /a list, but returned undefined/],
    [{ length: 1, 0: { id: 'a', due: 1 } }, /a list, but returned an object/],
    [new Set([{ id: 'a', due: 1 }]), /a list, but returned a Set/],
    [revoked(), /due\(\) failed: TypeError/],
    [['id'], /must be an object, but is a string/],
    [[undefined], /must be an object, but is undefined/],
    [holes, /must be an object, but is undefined/],
    [getter, /due\(\) failed: Error: no/],
    [[{ id: 7, due: 1 }], /the id of each entry as a string/],
    [[{ id: 'half \ud83d', due: 1 }], /the id of each entry as it was stored/],
    [[{ id: 'a', due: -1 }], /the due of each entry/],
    [[{ id: 'a', due: 1.5 }], /the due of each entry/],
    [[{ id: 'a', due: '1' }], /the due of each entry/],
    [[{ id: 'a', due: Number.NaN }], /the due of each entry/],
    [[{ id: 'a', due: NEVER }], /due before \d+, its `before`, but returned one that is due at 8640000000000000/],
    [named(['a', 'a'], 1), /each record once, by `due` and then by `id`/],
    [named(['b', 'a'], 1), /each record once, by `due` and then by `id`/],
    [[...named(['a'], 2), ...named(['b'], 1)], /each record once, by `due` and then by `id`/],
    [Array(1_001_000).fill({ id: 'a', due: 1 }), /at most 1000 records, its `limit`, but returned 1001000 records/],
    [endless, /but returned 4294967295 records/],
  ]
  for (const [page, message] of bad) await failsWith(appWith({ due: () => page }).keepAlive(), message)
})

test('ids that are due at the same time may come in the order of UTF-16 or of UTF-8', async () => {
  // The one is a pair of surrogates, which come before U+FFFD in UTF-16, and after it in UTF-8.
  const ids = ['\u{1f511}', '\ufffd']
  for (const order of [ids, ids.toReversed()]) {
    const asked = []
    const due = (_before, _limit, after) => {
      asked.push(after?.id)
      return after === undefined ? named(order, 1) : []
    }
    assert.deepEqual(await appWith({ due }).keepAlive(), { renewed: 0, skipped: 0, failed: 2, remaining: 0 })
    assert.deepEqual(asked, [undefined, order[1]])
  }
})

test('a store that never settles fails each of its calls after 20 seconds', async () => {
  const never = () => new Promise(() => {})
  const silent = { load: never, swap: never, due: never }
  const began = performance.now()
  const grant = { id: 'a', refreshToken: 'r' }
  await Promise.all([
    failsWith(appWith(silent).import(grant), /the store's load\(\) did not settle within 20 s/),
    failsWith(appWith({ swap: never }).import(grant), /the store's swap\(\) did not settle within 20 s/),
    failsWith(appWith({ due: never }).keepAlive(), /the store's due\(\) did not settle within 20 s/),
    // biome-ignore lint/suspicious/noThenProperty: a thenable that calls nobody back is what is tried.
    failsWith(appWith({ load: () => ({ then() {} }) }).import(grant), /did not settle within 20 s/),
  ])
  const took = performance.now() - began
  assert.ok(took >= 19_000 && took < 40_000, `${took} ms`)
})

test('an answer that comes twice counts once', async () => {
  const records = new Map()
  const twice = value => ({
    // biome-ignore lint/suspicious/noThenProperty: a thenable that settles twice is what is tried.
    then(resolve, reject) {
      resolve(value)
      resolve('again')
      reject(new Error('no'))
    },
  })
  const app = appWith({
    load: id => twice(records.get(id)),
    swap(id, expected, content) {
      records.set(id, { version: expected + 1, content })
      return twice(true)
    },
  })
  await app.import({ id: 'a', refreshToken: 'r', accessToken: 'access', expiresAt: Date.now() + 3e6 })
  assert.equal((await new SmartRecruiters({ credential: app.grant('a') }).token()).accessToken, 'access')
})

test('a store that fails in the background is reported by an event', async t => {
  // The passes keep no process alive.
  const alive = setInterval(() => {}, 1000)
  t.after(() => clearInterval(alive))
  const renewed = await record()
  const due = (_before, limit) => named(many.slice(0, limit), 5)
  const failing = appWith({ load: () => renewed, due }, { keepAlive: { every: 1000, perSecond: 1000 } })
  const [{ error }] = await new Promise(resolve => failing.on('keepAliveFailed', (...event) => resolve(event)))
  assert.ok(error instanceof StoreError)
  assert.match(error.message, /check that it does not ignore `after`/)

  const app = appWith({ load: () => Promise.reject(revoked()) })
  const failed = new Promise(resolve => app.on('renewalFailed', resolve))
  await failsWith(new SmartRecruiters({ credential: app.grant('a') }).token(), /its reason cannot be read/)
  const event = await failed
  assert.equal(event.grantId, 'a')
  assert.ok(event.error instanceof StoreError)
})

test('ids reach a store, and come back, as they are', async () => {
  const store = new ClassStore()
  const app = new OAuthApp({ ...OPTIONS, store })
  // Blanks at the ends, two spellings of one letter, and what some databases take for the same.
  const ids = [
    ' a',
    'a ',
    'A',
    'a\n',
    '\u00e9',
    'e\u0301',
    '\u{1f511}',
    'ß',
    'ss',
    '\ufeffa',
    '__proto__',
    'a'.repeat(500),
  ]
  const expiresAt = Date.now() + 3_600_000
  for (const id of ids) await app.import({ id, refreshToken: 'r', accessToken: `at-${ids.indexOf(id)}`, expiresAt })
  assert.deepEqual(store.ids, ids)
  const listed = []
  for await (const { id } of app.grants()) listed.push(id)
  assert.deepEqual(listed.toSorted(), ids.toSorted())
  for (const id of ids) {
    const token = await new SmartRecruiters({ credential: app.grant(id) }).token()
    assert.equal(token.accessToken, `at-${ids.indexOf(id)}`)
  }
})
