/** Undoes what was set up, in reverse order: what `t.after` is to a test. */
export class Scope {
  #undo = []

  after(undo) {
    this.#undo.push(undo)
  }

  async end() {
    for (const undo of this.#undo.reverse()) await undo()
    this.#undo = []
  }
}
