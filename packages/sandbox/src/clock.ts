/** The time tokens, codes and refresh tokens live by. It can be moved forward, so that no test has to wait 28 days. */
export class Clock {
  #ahead = 0

  /** Milliseconds on a monotonic scale. */
  now(): number {
    return performance.now() + this.#ahead
  }

  advance(seconds: number): void {
    this.#ahead += seconds * 1000
  }
}
