/** Instants of the last second, oldest first. Adding one costs the same however busy the second was. */
export class SlidingLog {
  #instants: number[] = []
  #oldest = 0

  /** How many instants lie less than `span` milliseconds before `at`. */
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
