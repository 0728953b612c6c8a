/** The methods of objects that emit events. */

import type { EventEmitter } from 'node:events'
import { callback, eventName } from './validate.js'

/** An object that emits events. */
export class WithEvents<Events extends Record<keyof Events, unknown[]>> {
  readonly #events: EventEmitter
  readonly #names: readonly (keyof Events & string)[]

  /** @internal */
  constructor(events: EventEmitter<Events>, names: readonly (keyof Events & string)[]) {
    // The types of `on` and `off` below are stricter than those of the platform.
    this.#events = events as EventEmitter
    this.#names = names
  }

  /** Calls `listener` for each event of this name. An error that it throws is an uncaught exception of the process. */
  on<Name extends keyof Events>(name: Name, listener: (...event: Events[Name]) => void): this {
    this.#events.on(eventName(name, this.#names), callback(listener))
    return this
  }

  /** Removes a listener that {@link on} added. */
  off<Name extends keyof Events>(name: Name, listener: (...event: Events[Name]) => void): this {
    this.#events.off(eventName(name, this.#names), callback(listener))
    return this
  }
}
