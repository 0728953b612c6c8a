// The contract suite for users' own stores: good ones pass, and each way of being broken is named.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkStore } from 'smartrecruiters/testing'
import { FileStore } from './support/file-store.mjs'

/** A good store. What it keeps is shared by its instances. */
class GoodStore {
  constructor(place = new Map()) {
    this.place = place
  }

  async load(id) {
    return this.place.get(id)
  }

  async swap(id, expected, content, due) {
    if ((this.place.get(id)?.version ?? 0) !== expected) return false
    this.place.set(id, { version: expected + 1, content: content.slice(), due })
    return true
  }

  async due(before, limit, after) {
    return this.places(before, after).slice(0, limit)
  }

  places(before, after) {
    const order = (a, b) => a.due - b.due || (a.id < b.id ? -1 : Number(a.id > b.id))
    const all = [...this.place].map(([id, { due }]) => ({ id, due })).sort(order)
    return all.filter(entry => entry.due < before && (after === undefined || order(entry, after) > 0))
  }
}

/** A good store with the optional method. */
class RemovingStore extends GoodStore {
  async remove(id, expected) {
    if ((this.place.get(id)?.version ?? 0) !== expected) return false
    return this.place.delete(id)
  }
}

/** Opens instances of a class that share a place. */
function opener(Store) {
  const place = new Map()
  return () => new Store(place)
}

function breaks(name, rule, expected, methods, options) {
  test(name, async () => {
    class Broken extends GoodStore {}
    Object.assign(Broken.prototype, methods)
    await assert.rejects(checkStore(opener(Broken), options), error => {
      assert.ok(error instanceof Error)
      assert.ok(error.message.startsWith(`the store breaks the rule "${rule}`), error.message)
      assert.match(error.message, expected)
      return true
    })
  })
}

const good = GoodStore.prototype

test('a store in memory passes', () => checkStore(opener(GoodStore)))

test('a store in memory that can remove passes', () => checkStore(opener(RemovingStore)))

test('a store whose methods answer at once passes', () =>
  checkStore(
    opener(
      class extends GoodStore {
        load(id) {
          return this.place.get(id) ?? null
        }
      },
    ),
  ))

test('a store of files passes, opened asynchronously', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await checkStore(async () => new FileStore({ folder }))
})

test('the time-out is checked', async () => {
  await assert.rejects(checkStore(opener(GoodStore), { timeout: -1 }), RangeError)
})

breaks('a swap that always says true is found out', 'a record is created once', /expected false, got true/, {
  async swap(...args) {
    await good.swap.apply(this, args)
    return true
  },
})

breaks(
  'a swap that reads and then writes is found out',
  'no update is lost among writers',
  /true for one of them, got true for [2-8]/,
  {
    async swap(id, expected, content, due) {
      const found = await this.load(id)
      await new Promise(setImmediate)
      if ((found?.version ?? 0) !== expected) return false
      this.place.set(id, { version: expected + 1, content: content.slice(), due })
      return true
    },
  },
)

breaks(
  'a removal of any version is found out',
  'a removal needs the current version',
  /another version expected false/,
  {
    async remove(id) {
      return this.place.delete(id)
    },
  },
)

breaks('a removal that leaves the record is found out', 'a removal needs the current', /nothing, got version 2/, {
  async remove(id, expected) {
    return expected > 0 && this.place.get(id)?.version === expected
  },
})

breaks('a removal that reads and then deletes is found out', 'exactly one of many swaps and removals wins', /true for [2-8]/, {
  async remove(id, expected) {
    const found = await this.load(id)
    await new Promise(setImmediate)
    if (found?.version !== expected) return false
    this.place.delete(id)
    return true
  },
})

breaks('a removal that says nothing is found out', 'a removal needs the current', /true or false, got undefined/, {
  async remove() {},
})

breaks('a swap that never says true is found out', 'a record is created once', /expected true, got false/, {
  async swap(...args) {
    await good.swap.apply(this, args)
    return false
  },
})

breaks('a swap that says something else is found out', 'a record is created once', /true or false, got 0/, {
  async swap(...args) {
    return Number(await good.swap.apply(this, args))
  },
})

breaks('a version that is not counted up is found out', 'a record is created once', /version 1, got version 7/, {
  async load(id) {
    const found = await good.load.call(this, id)
    return found && { ...found, version: found.version + 6 }
  },
})

breaks('a version that is text is found out', 'a record is created once', /a whole number of 1 or more, got "1"/, {
  async load(id) {
    const found = await good.load.call(this, id)
    return found && { ...found, version: String(found.version) }
  },
})

breaks(
  'a swap of any older version is found out',
  'a swap needs the current version',
  /another version expected false/,
  {
    async swap(id, expected, content, due) {
      const version = this.place.get(id)?.version ?? 0
      if (expected === 0 ? version > 0 : expected > version) return false
      this.place.set(id, { version: version + 1, content: content.slice(), due })
      return true
    },
  },
)

breaks('a rejection is found out', 'a record is created once', /an answer, got a rejection: down/, {
  swap: () => Promise.reject(new Error('down')),
})

breaks('an exception is found out', 'a record that was not written', /an answer, got an exception: now/, {
  load() {
    throw new Error('now')
  },
})

breaks(
  'a promise that never settles is found out',
  'openStore() opens an empty place',
  /an answer within 50 ms, got none/,
  { due: () => new Promise(() => {}) },
  { timeout: 50 },
)

for (const [what, key] of [
  ['by case', id => id.toLowerCase()],
  ['by blanks', id => id.trim()],
  ['by the form of a letter', id => id.normalize('NFC')],
  ['beyond a length', id => id.slice(0, 64)],
]) {
  breaks(`ids that are mixed up ${what} are found out`, 'each id is a record of its own', /expected true/, {
    load(id) {
      return good.load.call(this, key(id))
    },
    swap(id, ...rest) {
      return good.swap.call(this, key(id), ...rest)
    },
  })
}

for (const [what, change] of [
  ['as text', content => new TextEncoder().encode(new TextDecoder().decode(content))],
  ['cut', content => content.slice(0, 1000)],
  ['with the rest of its buffer', content => new Uint8Array(content.buffer)],
]) {
  breaks(`content that is kept ${what} is found out`, 'content is kept byte for byte', /as they were written/, {
    swap(id, expected, content, due) {
      return good.swap.call(this, id, expected, id === 'content' ? change(content) : content, due)
    },
  })
}

breaks('content that is no bytes is found out', 'a record is created once', /a Uint8Array, got "one"/, {
  async load(id) {
    const found = await good.load.call(this, id)
    return found && { ...found, content: new TextDecoder().decode(found.content) }
  },
})

test('instances that do not share their place are found out', async () => {
  await assert.rejects(
    checkStore(() => new GoodStore()),
    /"a record is there for all instances": load\("a"\): expected version 2, got nothing/,
  )
})

test('a place that is not empty is found out', async () => {
  const place = new Map([['left', { version: 1, content: new Uint8Array(), due: 1 }]])
  await assert.rejects(
    checkStore(() => new GoodStore(place)),
    /"openStore\(\) gives the store of an empty place"/,
  )
})

const LISTS = 'due() lists due records'
const CONTINUES = 'due() continues after a place'
for (const [what, rule, due] of [
  ['not in order', LISTS, (all, limit) => all.reverse().slice(0, limit)],
  [
    'also with what is due at `before`',
    LISTS,
    (_all, limit, before, store, after) => store.places(before + 1, after).slice(0, limit),
  ],
  ['without regard to the limit', LISTS, all => all],
  ['one less than there are', LISTS, (all, limit) => all.slice(0, Math.min(limit, all.length - 1))],
  ['from the start again', CONTINUES, (_all, limit, before, store) => store.places(before).slice(0, limit)],
  [
    'after all that is due at once',
    CONTINUES,
    (all, limit, _before, _store, after) =>
      all.filter(({ due }) => after === undefined || due > after.due).slice(0, limit),
  ],
  [
    'after a record instead of a place',
    CONTINUES,
    (_all, limit, before, store, after) => {
      const found = store.places(before)
      const at = after === undefined ? -1 : found.findIndex(({ id }) => id === after.id)
      return found.slice(at + 1, at + 1 + limit)
    },
  ],
  [
    'by their ids backwards where they are due at once',
    CONTINUES,
    (_all, limit, before, store, after) => {
      const order = (a, b) => a.due - b.due || (a.id > b.id ? -1 : Number(a.id < b.id))
      const all = store.places(before).sort(order)
      return all.filter(entry => after === undefined || order(entry, after) > 0).slice(0, limit)
    },
  ],
  [
    'without what never needs attention',
    CONTINUES,
    (all, limit) => all.filter(({ due }) => due < 8.64e15).slice(0, limit),
  ],
]) {
  breaks(`records listed ${what} are found out`, rule, /due\(.*must give/, {
    async due(before, limit, after) {
      return due(this.places(before, after), limit, before, this, after)
    },
  })
}

breaks('a list of ids alone is found out', LISTS, /entries of an `id` and a whole number `due`, got "due-a"/, {
  async due(before, limit, after) {
    return (await good.due.call(this, before, limit, after)).map(({ id }) => id)
  },
})

breaks('a due that stays as it was is found out', LISTS, /after swaps that won must give/, {
  async swap(id, expected, content, due) {
    return good.swap.call(this, id, expected, content, this.place.get(id)?.due ?? due)
  },
})

breaks('a due that a lost swap changes is found out', LISTS, /after a swap that lost must give/, {
  async swap(id, expected, content, due) {
    const won = await good.swap.call(this, id, expected, content, due)
    if (!won && this.place.has(id)) this.place.get(id).due = due
    return won
  },
})
