/**
 * The store goes away and comes back while eight processes renew: crashes and restarts of its server, a lock that
 * another program holds; Redis is emptied. Nothing is lost that was in the store, and no token is spent without a
 * journal.
 */

import { setTimeout } from 'node:timers/promises'
import { exchangesOf } from '../judge.mjs'
import { DIED_ON_ITS_WAY, LIFETIME, Load } from '../load.mjs'
import { flush, interrupt } from '../outages.mjs'
import { World } from '../world.mjs'

const PROCESSES = 8
const GRANTS = 60
/** How long the store is there between two outages, and away, in milliseconds at most. */
const THERE = 1500
const AWAY = 2500
/** Grants that somebody wants while the store is away. */
const OTHERS = 10
/** SQLite waits for other programs' writes: its calls take longer, and fail only after this store's patience. */
const WAITS = { sqlite: true }
/** What a call gets without a store, and what it gets of a grant that is not in the store any more. */
const AWAY_ERROR = 'STORE'
const EMPTY_ERROR = 'UNKNOWN_GRANT'

export async function store(scope, { store: kind, policy, random, torture, numbers, progress }) {
  const world = await World.start(scope, { store: kind, policy, lifetime: LIFETIME, torture })
  const grants = await world.grants(GRANTS)
  const figures = { outages: 0, 'typed errors': 0, emptied: 0, authorized: 0 }
  let isEmptied = false
  const mayFail = outcome => {
    const typed = outcome === AWAY_ERROR || (isEmptied && outcome === EMPTY_ERROR)
    if (typed) figures['typed errors'] += 1
    return typed
  }
  const load = new Load(world, random, { processes: PROCESSES, mayFail })

  await load.run(grants, async () => {
    for (; figures.outages < numbers.outages; figures.outages++) {
      progress(`${figures.outages} of ${numbers.outages} outages`)
      await setTimeout(random.below(THERE))
      const restore = await interrupt(world.place)
      await setTimeout(random.below(AWAY))
      await restore()
    }
    await setTimeout(THERE)
  })
  progress('one outage in the middle of an exchange')
  const more = await world.grants(1 + OTHERS)
  load.broken.push(...(await exchangeDuringOutage(world, more, kind)))
  grants.push(...more)
  if (kind === 'redis') {
    isEmptied = true
    await empty(world, load, grants, { figures, random, numbers, progress })
  }
  progress(`${grants.length} grants judged`)
  await load.judge(grants)
  if (load.excused > 0) load.broken.push(`${load.excused} grants were lost`)
  return {
    broken: load.broken,
    figures: { ...figures, exchanges: exchangesOf(world).length, lost: load.excused },
  }
}

/** An exchange is answered while the store is away: its tokens are kept until they are stored. Nobody begins another. */
async function exchangeDuringOutage(world, [first, ...others], kind) {
  await setTimeout(LIFETIME * 1000)
  const broken = []
  const [holder, other] = [world.start(), world.start()]
  await Promise.all([holder.started, other.started])
  const held = world.sandbox.fault({ kind: 'hold', when: 'after', path: '/identity/oauth/token' })
  const call = holder.ask('call', { id: first.id })
  while (held.hits === 0) await setTimeout(5)
  const restore = await interrupt(world.place)
  const before = world.sandbox.exchanges().length
  const asked = others.map(({ id }) => other.ask('call', { id }))
  held.clear()
  if (!WAITS[kind]) {
    for (const outcome of await Promise.all(asked)) {
      if (outcome !== AWAY_ERROR) broken.push(`a call without a store: ${outcome}`)
    }
  }
  const unjournalled = world.sandbox.exchanges().length - before
  if (unjournalled > 0) broken.push(`${unjournalled} exchanges without a journal`)
  await restore()
  for (const outcome of [await call, ...(WAITS[kind] ? await Promise.all(asked) : [])]) {
    if (outcome !== 'answered') broken.push(`${outcome} once the store was back`)
  }
  return broken
}

/** Who has its tokens in flight brings its grant back; of the others the store knows nothing, and says so. */
async function empty(world, load, grants, { figures, random, numbers, progress }) {
  for (; figures.emptied < numbers.outages; figures.emptied++) {
    progress(`${figures.emptied} of ${numbers.outages} times emptied`)
    await load.run(grants, async () => {
      await setTimeout(LIFETIME * 1000 + random.below(THERE))
      await flush(world.place)
    })
    const witness = world.start()
    await witness.started
    for (const grant of grants) {
      const outcome = await witness.ask('call', { id: grant.id })
      if (outcome === 'answered' || outcome === DIED_ON_ITS_WAY) continue
      if (outcome !== EMPTY_ERROR) load.broken.push(`${grant.id} in an emptied store: ${outcome}`)
      await world.authorize(grant)
      figures.authorized += 1
    }
  }
}
