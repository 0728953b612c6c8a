/**
 * A fleet that keeps renewing grants while somebody disturbs it. Access tokens live for a few seconds; each grant is used
 * when its token has expired, by up to three processes at the same moment.
 */

import { setTimeout } from 'node:timers/promises'
import { doublePresentations, exchangesOf, judgeLoss } from './judge.mjs'
import { GONE } from './process.mjs'
import { LEASE_OVER } from './world.mjs'

/** How long access tokens live: seconds, for {@link World.start}. */
export const LIFETIME = 3
const EXPIRED = LIFETIME * 1000
/** Grants in use at the same time, but for those whose users wait for a lease: for longer than this, in milliseconds. */
const AT_ONCE = 6
const PROMPT = 1000
/** How long the last uses may take, unless they wait for a lease, in milliseconds. */
const PATIENCE = 10_000
const UNREF = { ref: false }
/** Processes that use one grant at the same moment. */
const TOGETHER = 3
/**
 * A token that lives so shortly may die on its way to the API of a busy machine, and the next one too. That is no verdict:
 * the grant is used again, by the judge so often at most.
 */
export const DIED_ON_ITS_WAY = 'AUTHENTICATION'
const TRIES = 5
const LOST = 'REAUTHORIZATION_REQUIRED'
/** Processes that judge, and what each does at once. */
const JUDGES = 4
const JUDGED_AT_ONCE = 8

export class Load {
  /** The processes that live. */
  fleet = []
  /** What is against the rules. */
  broken = []
  /** How many losses are excused. */
  excused = 0
  #world
  #random
  #mayFail
  /** Those nobody uses, the longest unused first. */
  #idle = []
  #busy = 0
  #over = false

  /** `mayFail` says of an outcome other than `answered` whether it is a fault. */
  constructor(world, random, { processes = 8, mayFail = () => false } = {}) {
    this.#world = world
    this.#random = random
    this.#mayFail = mayFail
    for (let count = 0; count < processes; count++) this.restart()
  }

  /** One more process. */
  restart() {
    const process = this.#world.start()
    this.fleet.push(process)
    void process.ended.then(() => {
      this.fleet = this.fleet.filter(other => other !== process)
    })
  }

  get ready() {
    return this.fleet.filter(process => process.ready)
  }

  /** Uses these grants until `disturb` is done and every use has ended. Who waits for a lease then waits no longer. */
  async run(grants, disturb) {
    this.#over = false
    this.#idle = grants.map(grant => Object.assign(grant, { from: performance.now() + EXPIRED }))
    await Promise.all(this.fleet.map(process => process.started))
    const using = this.#useGrants()
    try {
      await disturb()
    } finally {
      this.#over = true
      await Promise.race([using, setTimeout(PATIENCE, undefined, UNREF)])
      for (const process of this.fleet.filter(({ calls }) => calls.length > 0)) {
        process.kill()
        this.restart()
      }
      await using
    }
  }

  /** Has each grant used by a process that never saw it, once the leases of the dead are over. */
  async judge(grants) {
    const judges = await Promise.all(Array.from({ length: JUDGES }, () => this.#world.startJudge()))
    await Promise.all(judges.map(judge => judge.started))
    await setTimeout(EXPIRED)
    const left = [...grants]
    const lane = async judge => {
      for (let grant = left.pop(); grant !== undefined; grant = left.pop()) {
        let outcome = await judge.ask('call', { id: grant.id })
        for (let tries = 1; outcome === DIED_ON_ITS_WAY && tries < TRIES; tries++) {
          await setTimeout(EXPIRED)
          outcome = await judge.ask('call', { id: grant.id })
        }
        if (outcome.startsWith(LOST)) await this.#lose(grant, outcome)
        else if (outcome !== 'answered') this.broken.push(`${grant.id}, judged: ${outcome}`)
      }
    }
    await Promise.all(judges.flatMap(judge => Array.from({ length: JUDGED_AT_ONCE }, () => lane(judge))))
    this.broken.push(...doublePresentations(exchangesOf(this.#world)))
  }

  async #useGrants() {
    const uses = new Set()
    while (!this.#over) {
      const grant = this.#busy < AT_ONCE ? this.#next() : undefined
      if (grant === undefined) {
        await setTimeout(5)
        continue
      }
      const use = this.#use(grant).finally(() => uses.delete(use))
      uses.add(use)
    }
    await Promise.all(uses)
  }

  #next() {
    const now = performance.now()
    const index = this.#idle.findIndex(({ from }) => from <= now)
    return index === -1 ? undefined : this.#idle.splice(index, 1)[0]
  }

  async #use(grant) {
    // In doubt, it is for one to judge that was not there.
    const { doubtful } = grant
    const able = this.ready.filter(({ startedAt }) => doubtful === undefined || startedAt > doubtful)
    const count = doubtful === undefined ? 1 + Math.floor(this.#random.below(TOGETHER)) : 1
    const chosen = this.#random.some(able, count)
    if (chosen.length === 0) {
      this.#rest(grant, EXPIRED)
      return
    }
    this.#busy += 1
    const asked = chosen.map(process => process.ask('call', { id: grant.id }))
    // Who survives the holder of a lease waits for its end: others need not.
    void Promise.race([...asked, setTimeout(PROMPT, undefined, UNREF)]).then(() => {
      this.#busy -= 1
    })
    await this.#take(grant, await Promise.all(asked))
  }

  async #take(grant, outcomes) {
    const lost = outcomes.find(outcome => outcome.startsWith(LOST))
    if (lost !== undefined) {
      await this.#lose(grant, lost)
      this.#rest(grant, EXPIRED)
      return
    }
    for (const outcome of outcomes) {
      if (outcome !== 'answered' && outcome !== GONE && outcome !== DIED_ON_ITS_WAY && !this.#mayFail(outcome)) {
        this.broken.push(`${grant.id}: ${outcome}`)
      }
    }
    if (outcomes.includes('answered')) {
      grant.doubtful = undefined
      this.#rest(grant, EXPIRED)
    } else {
      const doubtful = outcomes.includes(GONE)
      if (doubtful) grant.doubtful = performance.now()
      this.#rest(grant, doubtful ? LEASE_OVER : EXPIRED)
    }
  }

  async #lose(grant, outcome) {
    const { broken } = judgeLoss(this.#world, grant, outcome)
    if (broken === undefined) this.excused += 1
    else this.broken.push(broken)
    await this.#world.authorize(grant)
    grant.doubtful = undefined
  }

  #rest(grant, wait) {
    grant.from = performance.now() + wait
    this.#idle.push(grant)
  }
}
