/** Draws that a seed decides. What they meet in other processes, it does not. */
export function randomOf(seed) {
  let state = seed >>> 0
  /** In [0, 1), by mulberry32. */
  function fraction() {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = limit => fraction() * limit
  const one = list => list[Math.floor(below(list.length))]
  return {
    below,
    one,
    /** So many different ones of a list, or all that there are. */
    some(list, count) {
      const left = [...list]
      return Array.from({ length: Math.min(count, left.length) }, () => {
        const [chosen] = left.splice(Math.floor(below(left.length)), 1)
        return chosen
      })
    },
  }
}
