/**
 * `npm run gate`: packs everything, serves it from a registry of its own, installs it with every package manager, runs
 * it on every runtime, and builds it with every bundler. Nothing is published that has not passed it.
 *
 * `--only TEXT` runs the cells whose name contains TEXT. `--write` writes `docs/compatibility.md` from the results;
 * without it, results that differ from that page fail. `--record` records the size and the cold start, which otherwise
 * fail if they are more than recorded. `--packages FOLDER` takes packages that are built already, of all
 * platforms; `--no-build` takes the addon that is there.
 */

import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { CELLS, results } from './gate/cells.mjs'
import { PAGE, render } from './gate/compatibility.mjs'
import { coldStart, exceeded, record, recorded, sizes } from './gate/figures.mjs'
import { isPublished } from './gate/pack.mjs'
import { openWorld } from './gate/world.mjs'
import { setup } from './setup.mjs'

const { values } = parseArgs({
  allowNegative: true,
  options: {
    only: { type: 'string', default: '' },
    write: { type: 'boolean' },
    record: { type: 'boolean' },
    build: { type: 'boolean', default: true },
    packages: { type: 'string' },
  },
})

if (values.build && values.packages === undefined) await setup()
console.error('\npacking and publishing into a registry of this process')
const world = await openWorld(values.packages).catch(error => {
  console.error(error.message)
  process.exit(1)
})
const cells = CELLS.filter(({ section, name }) =>
  `${section} ${name}`.toLowerCase().includes(values.only.toLowerCase()),
)
const rows = []
let figures = {}
try {
  for (const [index, cell] of cells.entries()) {
    const started = Date.now()
    const row = await results(cell, world)
    rows.push(row)
    const failed = Object.entries(row.columns).filter(([, result]) => result !== true)
    const time = `${((Date.now() - started) / 1000).toFixed(1)} s`
    console.error(`[${index + 1}/${cells.length}] ${row.section}: ${row.name} ${row.version}: ${time}`)
    for (const [column, reason] of failed) console.error(`  ${column}: ${reason}`)
  }
  if (values.packages !== undefined || isPublished()) figures = await sizes(world.packages)
  // The benchmark runs this checkout, which need not be built if the packages are.
  if (values.only === '' && values.packages === undefined) Object.assign(figures, await coldStart())
} finally {
  await world.close()
}

console.table(
  Object.fromEntries(
    rows.map(({ section, name, version, columns }) => [
      `${section}: ${name} ${version}`,
      Object.fromEntries(
        Object.entries(columns).map(([column, result]) => [column, result === true ? 'ok' : 'FAILED']),
      ),
    ]),
  ),
)
console.table(
  Object.fromEntries(Object.entries(figures).map(([name, now]) => [name, { now, recorded: recorded[name] }])),
)
if (values.record) record({ ...recorded, ...figures })
const failed = rows
  .filter(({ columns }) => Object.values(columns).some(result => result !== true))
  .map(({ name }) => name)
if (!values.record) failed.push(...exceeded(figures))
if (failed.length > 0) {
  console.error(`failed: ${failed.join(', ')}`)
  process.exitCode = 1
} else if (cells.length === 0) {
  console.error(`nothing is called ${values.only}`)
  process.exitCode = 1
} else if (cells.length === CELLS.length) {
  const page = await readFile(PAGE, 'utf8')
  const now = render(page, rows)
  if (values.write) await writeFile(PAGE, now)
  else if (now !== page) {
    console.error('docs/compatibility.md differs from these results; `npm run gate -- --write` writes it')
    process.exitCode = 1
  }
}
