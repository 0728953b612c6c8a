/** Tells how far a run is. */

import { figures } from './statistics.mjs'

/** For a run of `total` measurements. */
export function progress(total) {
  const began = Date.now()
  let done = 0
  let measured = 0
  const remaining = () => {
    if (measured === 0) return ''
    const seconds = ((Date.now() - began) / 1000 / measured) * (total - done)
    return `, ${seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`} left`
  }
  return {
    start(scenario, round, rounds, client) {
      const position = `[${done + 1}/${total}${remaining()}]`
      process.stderr.write(`${position} ${scenario}, round ${round} of ${rounds}: ${client} … `)
    },
    end(scenario, outcome) {
      done += 1
      measured += 1
      console.error(brief(scenario, outcome))
    },
    /** One that will not be measured after all. */
    skip() {
      done += 1
    },
  }
}

function brief({ kind }, { result, unsupported, error }) {
  if (error) return `FAILED: ${error}`
  if (unsupported) return `not supported: ${unsupported}`
  const { rate, main, cpu, millions, mainPerMillion, sum } = figures(result)
  if (kind === 'cold') return `${sum.toFixed(1)} ms`
  if (kind === 'list') return `${(millions * 1000).toFixed(0)} items/ms, main ${(mainPerMillion / 1e6).toFixed(2)} µs`
  if (kind !== 'load')
    return `${millions.toFixed(0)} MB/s${main === null ? '' : `, main ${mainPerMillion.toFixed(0)} µs/MB`}`
  return `${rate.toFixed(0)}/s${main === null ? '' : `, main ${main.toFixed(1)} µs`}, CPU ${cpu.toFixed(1)} µs`
}
