// `npm run torture`, with small numbers: real processes are killed, stopped and cut off, and nothing is lost but what a
// process had in hand when it was killed.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { tortureAddon } from '../torture/addon.mjs'
import { doublePresentations, exchangesOf, judgeLoss, placeOfDeath } from '../torture/judge.mjs'
import { randomOf } from '../torture/random.mjs'
import { torture } from '../torture/scenarios.mjs'

const SEED = 1
const NUMBERS = {
  kills: 24,
  rounds: 1,
  aborts: 40,
  exits: 6,
  stops: 16,
  freeze: 2,
  outages: 1,
  expiries: 8,
  grants: 300,
}
const LOST = 'REAUTHORIZATION_REQUIRED responseLost'

/** Scenario, stores, policies, and what its figures have to show so that it was one. */
const RUNS = [
  ['kill', ['sqlite'], ['reject'], ({ kills }) => kills >= 24],
  ['kill', ['redis'], ['revokeFamily'], ({ kills }) => kills >= 24],
  ['kill', ['postgres'], ['grace'], ({ kills, excused }) => kills >= 24 && excused === 0],
  [
    'points',
    ['sqlite'],
    ['revokeFamily'],
    ({ kills, stops, excused }) => kills === 13 && stops === 11 && excused === 4,
  ],
  ['points', ['sqlite'], ['grace'], ({ kills, stops, excused }) => kills === 13 && stops === 11 && excused === 0],
  ['network', ['sqlite'], ['reject', 'revokeFamily'], ({ runs, recovered }) => runs === 18 && recovered === 9],
  ['network', ['sqlite'], ['grace'], ({ runs, recovered }) => runs === 18 && recovered === 18],
  [
    'partners',
    ['sqlite', 'postgres'],
    ['reject'],
    figures => figures.kills === 13 && figures.stops === 11 && figures['lost in window'] === 4,
  ],
  ['abort', ['redis'], ['revokeFamily'], ({ aborted }) => aborted > 0],
  ['exit', ['postgres'], ['revokeFamily'], ({ exchanges }) => exchanges === 18],
  ['stop', ['sqlite'], ['revokeFamily'], ({ exchanges }) => exchanges >= 60],
  ['freeze', ['redis'], ['revokeFamily'], ({ stops, lost }) => stops === 6 && lost === 0],
  ['store', ['sqlite', 'redis', 'postgres'], ['revokeFamily'], ({ outages }) => outages === 1],
  ['fleet', ['redis', 'postgres'], ['revokeFamily'], ({ exchanges }) => exchanges === 270],
]

const addon = await tortureAddon()

// They wait for processes and servers most of the time.
describe('torture', { concurrency: 4 }, () => {
  for (const [name, stores, policies, shows] of RUNS) {
    for (const store of stores) {
      for (const policy of policies) {
        test(`${name}, in ${store}, where a spent token is met by ${policy}`, async () => {
          const options = { store, policy, random: randomOf(SEED), torture: { addon, ahead: true }, numbers: NUMBERS }
          const { broken, figures } = await torture(name, { ...options, progress: () => {} })
          assert.deepEqual(broken, [])
          assert.ok(shows(figures), JSON.stringify(figures))
        })
      }
    }
  }
})

/** What there was: a grant whose first token `dead` spent and did not store, and `living` presented again. */
function story({ stored = [], killedAt = 15, lives = false, policy = 'reject' } = {}) {
  const renewals = stored.map(at => ({ id: 'grant-1', at }))
  const dead = { name: 'dead', killedAt: lives ? undefined : killedAt, renewals }
  const living = { name: 'living', renewals: [] }
  const processes = new Map([dead, living].map(process => [process.name, process]))
  const exchanges = [
    { at: 1, query: '', grantType: 'authorization_code', issued: 'first', issuedTo: 'label' },
    { at: 10, query: 'dead', grantType: 'refresh_token', presented: 'first', issued: 'second', issuedTo: 'label' },
    { at: 20, query: 'living', grantType: 'refresh_token', presented: 'first' },
  ]
  return {
    policy,
    processes,
    sandbox: { exchanges: () => exchanges },
    idOf: () => 'grant-1',
    senderOf: ({ query }) => processes.get(query),
  }
}

const grant = { id: 'grant-1', label: 'label' }

test('the judge excuses what the dead had not stored, and nothing else', () => {
  assert.deepEqual(doublePresentations(exchangesOf(story())), [])
  assert.deepEqual(judgeLoss(story(), grant, LOST), {})
  for (const [faulty, outcome] of [
    [story(), 'REAUTHORIZATION_REQUIRED revokedOrExpired'],
    [story(), 'REAUTHORIZATION_REQUIRED interrupted'],
    [story(), 'TOKEN_UNAVAILABLE'],
    [story({ lives: true }), LOST],
    [story({ stored: [12] }), LOST],
    [story({ policy: 'grace' }), LOST],
  ]) {
    assert.match(judgeLoss(faulty, grant, outcome).broken, /^grant-1 /)
  }
  for (const faulty of [story({ lives: true }), story({ killedAt: 25 }), story({ stored: [12] })]) {
    assert.deepEqual(doublePresentations(exchangesOf(faulty)), ['a refresh token of grant-1 was presented twice'])
  }
})

test('the judge knows where a process died', () => {
  const place = (world, calls) => placeOfDeath(exchangesOf(world), world.processes.get('dead'), calls)
  const call = since => [{ id: 'grant-1', since }]
  assert.equal(place(story(), call(5)), 'window')
  assert.equal(place(story({ stored: [12] }), []), 'idle')
  assert.equal(place(story({ stored: [12] }), call(5)), 'after')
  assert.equal(place(story({ stored: [12] }), call(13)), 'before')
})
