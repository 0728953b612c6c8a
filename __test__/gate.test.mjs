// The packages as a release publishes them: what the gate refuses, and the part of it that is quick. `npm run gate` runs
// all of it.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { CELLS } from '../scripts/gate/cells.mjs'
import { problems } from '../scripts/gate/check.mjs'
import { PAGE, render } from '../scripts/gate/compatibility.mjs'
import { exceeded, recorded, sizes } from '../scripts/gate/figures.mjs'
import { here, isPublished, stage } from '../scripts/gate/pack.mjs'
import { cleanEnvironment } from '../scripts/gate/tools.mjs'
import { openWorld } from '../scripts/gate/world.mjs'
import { fileOf, manifest, PLATFORMS, packageOf } from '../scripts/platforms.mjs'
import { root } from '../scripts/setup.mjs'

const { name, version } = manifest
const [other] = Object.keys(PLATFORMS).filter(platform => platform !== here)

let folder
let packages
let built

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'smartrecruiters-broken-'))
  packages = join(folder, 'packages')
  built = stage(packages)
})
after(() => rmSync(folder, { recursive: true, force: true }))

test('the packages are as they must be', () => {
  assert.deepEqual(problems(packages, built), [])
})

const unpublished = isPublished() ? false : `\`npm run build:platform -- ${here}\` was not run`

test('the addon is not larger than recorded', { skip: unpublished }, async () => {
  assert.deepEqual(exceeded(await sizes(packages)), [])
})

test('a figure may be a little more than recorded', () => {
  assert.deepEqual(exceeded({ packed: recorded.packed, coldStart: recorded.coldStart * 1.09 }), [])
  const packed = Math.ceil(recorded.packed * 1.021)
  assert.deepEqual(exceeded({ packed }), [`packed is ${packed}, more than 1.02 times the recorded ${recorded.packed}`])
})

for (const [what, breaking, expected] of [
  [
    'the package depends on no platform',
    copy => edit(copy, name, ({ optionalDependencies: _, ...rest }) => rest),
    Object.keys(PLATFORMS).map(platform => `optionalDependencies of ${name} lack ${packageOf(platform)}`),
  ],
  [
    'a platform is not among the dependencies',
    copy =>
      edit(copy, name, rest => ({
        ...rest,
        optionalDependencies: without(rest.optionalDependencies, packageOf(other)),
      })),
    [`optionalDependencies of ${name} lack ${packageOf(other)}`],
  ],
  [
    'a dependency has another version',
    copy =>
      edit(copy, name, rest => ({
        ...rest,
        optionalDependencies: { ...rest.optionalDependencies, [packageOf(other)]: '9.9.9' },
      })),
    [`${name} ${version} depends on ${packageOf(other)} 9.9.9`],
  ],
  [
    'the package of a platform has another version',
    copy => edit(copy, other, rest => ({ ...rest, version: '9.9.9' })),
    [`${packageOf(other)} has version 9.9.9, and ${name} ${version}`],
  ],
  [
    'the package of a platform is missing',
    copy => rmSync(join(copy, other), { recursive: true }),
    [`the package ${packageOf(other)} is missing`],
  ],
  [
    'dist is missing',
    copy => rmSync(join(copy, name, 'dist'), { recursive: true }),
    [
      ...['index', 'otel', 'testing', 'api', 'web/index'].flatMap(entry => [`${entry}.js`, `${entry}.d.ts`]),
      ...['unsupported.js', 'bundled.mjs'],
    ].map(file => `${name} has no ./dist/${file}, which its package.json names`),
  ],
  [
    'an addon is missing',
    copy => rmSync(join(copy, here, fileOf(here))),
    [`${packageOf(here)} has no ${fileOf(here)}`],
  ],
  [
    'an addon is something else',
    copy => writeFileSync(join(copy, here, fileOf(here)), 'version https://git-lfs'),
    [`${fileOf(here)} in ${packageOf(here)} is not an addon for ${PLATFORMS[here].os}`],
  ],
  [
    'an addon is in the package itself',
    copy => cpSync(join(copy, here, fileOf(here)), join(copy, name, fileOf(here))),
    [`${name} contains ${fileOf(here)}, which belongs into the package of its platform`],
  ],
]) {
  test(`the gate refuses the packages if ${what}`, t => {
    const copy = join(folder, 'broken')
    t.after(() => rmSync(copy, { recursive: true }))
    cpSync(packages, copy, { recursive: true })
    breaking(copy)
    assert.deepEqual(problems(copy, built).sort(), expected.sort())
    const { status, stderr } = spawnSync(process.execPath, ['scripts/gate.mjs', '--packages', copy], {
      cwd: root,
      env: cleanEnvironment,
      encoding: 'utf8',
    })
    assert.equal(status, 1)
    for (const sentence of expected) assert.ok(stderr.includes(sentence), stderr)
  })
}

test('docs/compatibility.md has exactly what the gate tries, and all of it works', () => {
  const page = readFileSync(PAGE, 'utf8')
  const green = CELLS.map(cell => ({
    ...cell,
    columns: Object.fromEntries(Object.keys(cell.columns).map(column => [column, true])),
  }))
  assert.equal(render(page, green), page)
  for (const { section } of CELLS) assert.match(page, new RegExp(`<!-- results: ${section} -->\n\\|`))
})

const linux = process.platform === 'linux' && process.arch === 'x64' ? false : 'the programs are those of Linux on x64'

test('the packages work with the package managers, runtimes and bundlers of every day', { skip: linux }, async t => {
  const world = await openWorld()
  t.after(() => world.close())
  for (const { section, name, columns } of CELLS.filter(cell => cell.light)) {
    for (const [column, works] of Object.entries(columns))
      await t.test(`${section}: ${name}, ${column}`, () => works(world))
  }
})

function edit(folder, package_, change) {
  const file = join(folder, package_, 'package.json')
  writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')))))
}

function without({ ...all }, key) {
  delete all[key]
  return all
}
