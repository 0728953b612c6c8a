/** Whether two ways to do one thing agree on generated cases, but for differences that are intended. */

import assert from 'node:assert/strict'
import fc from 'fast-check'

const CASES = 300
const { DIFFERENTIAL_SEED: seed, DIFFERENTIAL_PATH: path } = process.env

/**
 * Does each of the `generated` cases both ways: `both` resolves with what came of it, `theirs` and `ours`, which are
 * records of the same kind. Where these differ, one of the `intended` differences has to say why. A case that fails is
 * printed in its smallest form, with its seed and how to repeat it alone.
 *
 * An intended difference is `{ what, reason, allows }`: the properties that differ, why, and which values they may have.
 */
export async function agreement(t, generated, both, intended) {
  const met = new Set()
  const property = fc.asyncProperty(generated, async asked => {
    const all = await both(asked)
    const unintended = differences(all.theirs, all.ours).filter(difference => {
      const reason = intended.find(({ what, allows }) => {
        return what.includes(difference.what) && allows({ ...difference, asked, all })
      })
      if (reason) met.add(reason)
      return !reason
    })
    assert.deepEqual(unintended, [])
  })
  const details = await fc.check(property, {
    numRuns: CASES,
    seed: Number(seed ?? 1),
    includeErrorInReport: true,
    ...(path !== undefined && { path }),
  })
  if (details.failed) {
    const variables = `DIFFERENTIAL_SEED=${details.seed} DIFFERENTIAL_PATH=${details.counterexamplePath}`
    const command = `${variables} node --test --test-name-pattern='${t.name}' __test__/differential.test.mjs`
    throw new Error(`${fc.defaultReportMessage(details)}\n\nTo repeat it: ${command}`)
  }
  // Another version of Node may be without it; one that no version meets would only hide the next difference.
  for (const { reason } of intended.filter(entry => !met.has(entry))) t.diagnostic(`no case shows that: ${reason}`)
}

/** The properties in which two records differ. If what came of them differs, the rest cannot be compared. */
function differences(theirs, ours) {
  const names = theirs.outcome === ours.outcome ? new Set([...Object.keys(theirs), ...Object.keys(ours)]) : ['outcome']
  return [...names]
    .filter(name => JSON.stringify(theirs[name]) !== JSON.stringify(ours[name]))
    .map(name => ({ what: name, theirs: theirs[name], ours: ours[name] }))
}
