/** The clock of tokens and codes. It can be moved forward, so that tests need not wait 28 days. */
export class Clock {
  #ahead = 0

  /** Returns the current time in milliseconds, on a monotonic scale. */
  now(): number {
    return performance.now() + this.#ahead
  }

  /** Moves the clock forward. */
  advance(seconds: number): void {
    this.#ahead += seconds * 1000
  }
}
