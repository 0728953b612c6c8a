// What a release does before and in its workflow, which nothing here can run.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { manifest, PLATFORMS } from '../scripts/platforms.mjs'
import { TOOLS } from '../scripts/release/tools.mjs'
import { changesOf, textsOf } from '../scripts/release/version.mjs'
import { root } from '../scripts/setup.mjs'

const folder = join(root, '.github', 'workflows')
const workflows = Object.fromEntries(
  readdirSync(folder).map(file => [file, parse(readFileSync(join(folder, file), 'utf8'))]),
)
const { jobs } = workflows['release.yml']
const commands = job => job.steps.map(step => step.run ?? '').join('\n')

test('there are workflows for changes and for releases', () => {
  assert.deepEqual(Object.keys(workflows).sort(), ['ci.yml', 'release.yml'])
})

for (const [file, workflow] of Object.entries(workflows)) {
  test(`${file} runs no action that could change under its name`, () => {
    const text = readFileSync(join(folder, file), 'utf8')
    const used = [...text.matchAll(/uses: *(.*)/g)].map(([, action]) => action)
    assert.ok(used.length > 0)
    for (const action of used) assert.match(action, /^actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  })

  test(`${file} gives a job no permission that it does not need, and no secret`, () => {
    assert.deepEqual(workflow.permissions, {})
    assert.doesNotMatch(JSON.stringify(workflow), /secrets\b|NPM_TOKEN|NODE_AUTH_TOKEN|_authToken/i)
    for (const [name, job] of Object.entries(workflow.jobs)) {
      const stages = commands(job).includes('stage.mjs')
      assert.deepEqual(job.permissions, { contents: 'read', ...(stages ? { 'id-token': 'write' } : {}) }, name)
      if (stages) assert.equal(job.environment, 'release', name)
      for (const { uses, with: options } of job.steps) {
        if (uses?.startsWith('actions/checkout@')) assert.equal(options['persist-credentials'], false, name)
      }
    }
  })
}

test('a release is built for every platform, tried on it, and staged after the gate, dependencies first', () => {
  const platforms = Object.keys(PLATFORMS)
  assert.deepEqual(jobs.build.strategy.matrix.include.map(({ platform }) => platform).sort(), [...platforms].sort())
  const { matrix } = jobs.smoke.strategy
  const tried = new Set([...matrix.platform, ...matrix.include.map(({ platform }) => platform)])
  // On arm64, actions do not run in a container of Alpine.
  assert.deepEqual([...tried].sort(), platforms.filter(platform => platform !== 'linux-arm64-musl').sort())
  assert.deepEqual(jobs.smoke.needs, ['build', 'face'])
  assert.equal(jobs.gate.needs, 'smoke')
  assert.equal(jobs.platforms.needs, 'gate')
  assert.equal(jobs.main.needs, 'platforms')
  assert.match(commands(jobs.platforms), /stage\.mjs platforms$/m)
  assert.match(commands(jobs.main), /stage\.mjs main$/m)
  assert.equal(jobs.tools.needs, 'main')
  assert.match(commands(jobs.tools), /stage\.mjs tools$/m)
  for (const { folder } of TOOLS) assert.match(commands(jobs.face), new RegExp(`tsc -p ${folder}$`, 'm'))
  assert.match(commands(jobs.gate), /npm run gate -- --packages npm/)
  assert.deepEqual(workflows['release.yml'].on, { push: { tags: ['v*'] } })
})

test('nothing in the workflow publishes without the approval of a maintainer', () => {
  for (const job of Object.values(jobs)) assert.doesNotMatch(commands(job), /\bnpm publish\b/)
  const stage = readFileSync(join(root, 'scripts', 'release', 'stage.mjs'), 'utf8')
  assert.match(stage, /'stage', 'publish'/)
})

test('every script that a workflow runs is one of package.json', () => {
  const scripts = Object.values(jobs).flatMap(job =>
    [...commands(job).matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name),
  )
  assert.ok(scripts.length >= 4)
  for (const name of scripts) assert.ok(manifest.scripts[name], name)
})

test('a release writes its version wherever there is one, and its changes under it', () => {
  const texts = textsOf('9.8.7', '2026-12-01')
  assert.deepEqual(
    [...texts.keys()],
    [
      ...['package.json', 'package-lock.json', 'Cargo.toml', 'Cargo.lock', 'lib/version.ts'],
      ...['packages/sandbox/package.json', 'packages/cli/package.json', 'CHANGELOG.md'],
    ],
  )
  assert.equal(JSON.parse(texts.get('package.json')).version, '9.8.7')
  const lock = JSON.parse(texts.get('package-lock.json'))
  assert.deepEqual([lock.version, lock.packages[''].version], ['9.8.7', '9.8.7'])
  for (const { name, folder } of TOOLS) {
    assert.equal(JSON.parse(texts.get(`${folder}/package.json`)).version, '9.8.7')
    assert.deepEqual([lock.packages[folder].name, lock.packages[folder].version], [name, '9.8.7'])
  }
  assert.match(texts.get('Cargo.toml'), /^\[package\]\nname = "smartrecruiters"\nversion = "9\.8\.7"$/m)
  assert.match(texts.get('Cargo.lock'), /^name = "smartrecruiters"\nversion = "9\.8\.7"$/m)
  assert.match(texts.get('lib/version.ts'), /VERSION = '9\.8\.7'/)
  const before = readFileSync(join(root, 'CHANGELOG.md'), 'utf8')
  assert.equal(changesOf(texts.get('CHANGELOG.md'), '9.8.7'), changesOf(before, 'Unreleased'))
  assert.equal(changesOf(texts.get('CHANGELOG.md'), 'Unreleased'), '')
})
