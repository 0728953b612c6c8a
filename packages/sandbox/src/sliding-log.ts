/** A log of instants, oldest first. Adding one takes constant time, however many there are. */
export class SlidingLog {
  #instants: number[] = []
  #oldest = 0

  /** Returns the number of instants in the last `span` milliseconds before `at`, and drops older ones. */
  since(at: number, span: number): number {
    while ((this.#instants[this.#oldest] ?? at) <= at - span) this.#oldest += 1
    if (this.#oldest > 1024 && this.#oldest * 2 > this.#instants.length) {
      this.#instants = this.#instants.slice(this.#oldest)
      this.#oldest = 0
    }
    return this.#instants.length - this.#oldest
  }

  add(at: number): void {
    this.#instants.push(at)
  }
}
