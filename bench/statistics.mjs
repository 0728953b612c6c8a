/** From results of rounds to figures: per request, then the median and the spread over the rounds. */

/** The figures of one round. */
export function figures({ requests, amount, elapsed, cpu, main, ...same }) {
  if (requests === undefined) return same
  // Of bytes, or of a list's items.
  const millions = amount / 1e6
  return {
    ...same,
    rate: requests / (elapsed / 1e6),
    cpu: cpu / requests,
    main: main === null ? null : main / requests,
    millions: millions / (elapsed / 1e6),
    cpuPerMillion: cpu / millions,
    mainPerMillion: main === null ? null : main / millions,
  }
}

/** The median, the least and the most of one figure over the rounds; nothing if there is none. */
export function summary(rounds, metric) {
  return spread(rounds.map(round => round?.[metric]))
}

/** The ratio of one client's figure to another's: taken in each round, where both met the same machine. */
export function ratio(rounds, others, metric) {
  return spread(rounds.map((round, index) => divide(round?.[metric], others[index]?.[metric])))
}

function divide(a, b) {
  return typeof a === 'number' && typeof b === 'number' && b > 0 ? a / b : undefined
}

function spread(values) {
  const sorted = values.filter(value => typeof value === 'number').sort((a, b) => a - b)
  if (sorted.length === 0) return undefined
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { median, least: sorted[0], most: sorted[sorted.length - 1] }
}
