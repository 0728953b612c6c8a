/** The figures of each release: what a run of `npm run nightly` is held against. */

import { readFileSync, writeFileSync } from 'node:fs'
import { measuredTargets } from './report.mjs'

const FILE = new URL('figures.json', import.meta.url)
/** How much worse a ratio may become. */
const WORSE = 1.1

const releases = JSON.parse(readFileSync(FILE, 'utf8'))

/** Writes the ratios of a run as those of a release, in place of what was recorded for it. */
export function record(version, data) {
  const ratios = ratiosOf(data)
  if (Object.keys(ratios).length === 0) throw new Error('--record: this run measured none of the targets')
  releases[version] = { ...releases[version], ...ratios }
  writeFileSync(FILE, `${JSON.stringify(releases, null, 2)}\n`)
}

/**
 * Returns which ratios of a run are worse than those of the last recorded release, a sentence for each; `undefined` if no
 * release is recorded yet.
 */
export function worse(data) {
  const last = Object.entries(releases).at(-1)
  if (last === undefined) return undefined
  const [version, before] = last
  return Object.entries(ratiosOf(data)).flatMap(([name, { ratio, isMost }]) => {
    if (before[name] === undefined) return []
    const change = isMost ? ratio / before[name].ratio : before[name].ratio / ratio
    return change <= WORSE ? [] : [`${name}: ${ratio}, and ${before[name].ratio} in ${version}`]
  })
}

/** `isMost` says that less is better. */
function ratiosOf(data) {
  return Object.fromEntries(
    measuredTargets(data).map(({ figure, scenario, client, against, most, ratio }) => [
      `${figure}, ${scenario}: ${client} / ${against}`,
      { ratio: Number(ratio.toPrecision(3)), isMost: most !== undefined },
    ]),
  )
}
