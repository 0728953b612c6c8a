/** One process of a fleet, by fork: it does what it is told, and can be killed at any moment. */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('./worker.mjs', import.meta.url))

/** What `ask` yields if the process ended before it answered. */
export const GONE = 'gone'

export class Process {
  /** Marks its requests at the token endpoint. */
  name
  /** Settles when it takes calls, or has ended. */
  started
  /** Its end, as `{ code, signal }`; every message that it sent has been read then. */
  ended
  /** When it was sent SIGKILL, by `performance.now()`. */
  killedAt
  /** When it was started. */
  startedAt = performance.now()
  /** Whether it takes calls. */
  ready = false
  /** The grants that it has renewed: `{ id, at }`, `at` on the same scale. */
  renewals = []
  #child
  #pending = new Map()
  #last = 0

  /** `setup` is what the program gets; `env` is laid over this process's own. */
  constructor(name, setup, env = {}) {
    this.name = name
    this.#child = fork(PROGRAM, [JSON.stringify(setup)], { env: { ...process.env, ...env } })
    this.#child.on('message', message => this.#hear(message))
    this.started = new Promise(resolve => {
      this.#pending.set('start', { resolve })
    })
    this.ended = Promise.all([once(this.#child, 'exit'), once(this.#child, 'disconnect')]).then(([[code, signal]]) => {
      this.ready = false
      for (const { resolve } of this.#pending.values()) resolve(GONE)
      this.#pending.clear()
      return { code, signal }
    })
  }

  get pid() {
    return this.#child.pid
  }

  /** The calls that it has been asked for and has not answered: `{ id, since }`. */
  get calls() {
    return [...this.#pending.values()].filter(({ action }) => action === 'call')
  }

  /** Has it do something; resolves with what came of it, or {@link GONE}. */
  ask(action, options = {}) {
    if (!this.#child.connected) return Promise.resolve(GONE)
    this.#last += 1
    const call = this.#last
    return new Promise(resolve => {
      this.#pending.set(call, { resolve, action, since: performance.now(), ...options })
      // It may be dead already; then its end answers.
      this.#child.send({ call, action, ...options }, () => {})
    })
  }

  kill() {
    this.ready = false
    this.killedAt ??= performance.now()
    this.#child.kill('SIGKILL')
    return this.ended
  }

  signal(name) {
    this.#child.kill(name)
  }

  /** Waits until it is stopped: the kernel shows it as `T`. */
  async stopped() {
    for (;;) {
      const [, state] = /\) (\S)/.exec(await readFile(`/proc/${this.pid}/stat`, 'utf8'))
      if (state === 'T') return
      await setTimeout(5)
    }
  }

  /** Ends it as its parent's end would, and waits for that. */
  async close() {
    if (this.#child.connected) this.#child.disconnect()
    await this.ended
  }

  #hear(message) {
    if (message.renewed !== undefined) {
      this.renewals.push({ id: message.renewed, at: here(message.at) })
      return
    }
    const key = message.ready ? 'start' : message.call
    if (message.ready) this.ready = this.killedAt === undefined
    this.#pending.get(key)?.resolve(message.outcome)
    this.#pending.delete(key)
  }
}

/** Between the clock that all processes share and this one's `performance.now()`: both are monotonic. */
const APART = Number(process.hrtime.bigint()) / 1e6 - performance.now()

/** An instant that another process told, by this one's `performance.now()`. */
export function here(at) {
  return at - APART
}
