/** Where grants live. */

import { setStore } from './handles.js'
import { native } from './native.js'

/** A store in memory, for tests and for trying things out: its grants are lost when the process ends. */
export class MemoryStore {
  declare private readonly brand: 'MemoryStore'

  constructor() {
    setStore(this, native.memoryStore())
  }
}
