// The platforms for which there is an addon: the places that name them agree, and what is built for one runs there.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkAddon } from '../scripts/build-platform.mjs'
import { glibcOf, needs } from '../scripts/elf.mjs'
import { fileOf, GLIBC, manifest, PLATFORMS, packageOf } from '../scripts/platforms.mjs'
import { linkForGlibc } from './support/other-glibc.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const platforms = Object.keys(PLATFORMS)
const linux = process.platform === 'linux' ? false : 'it is made with tools of Linux'

test('the loader names every platform, and no other', () => {
  const loader = readFileSync(join(root, 'lib', 'native.ts'), 'utf8')
  const strings = pattern => [...loader.matchAll(pattern)].map(([, string]) => string)
  assert.deepEqual(strings(/require\('\.\.\/([^']+)'\)/g), platforms.map(fileOf))
  assert.deepEqual(strings(/require\('(smartrecruiters[^']+)'\)/g), platforms.map(packageOf))
  assert.deepEqual(strings(/case '([^']+)'/g), [...platforms, ...platforms])
  const failure = readFileSync(join(root, 'lib', 'load-failure.ts'), 'utf8')
  const [, list] = /const PLATFORMS = \[([^\]]*)\]/.exec(failure)
  assert.deepEqual(
    [...list.matchAll(/'([^']+)'/g)].map(([, name]) => name),
    platforms,
  )
})

test('napi builds for the same platforms', () => {
  assert.deepEqual(
    manifest.napi.targets,
    platforms.map(platform => PLATFORMS[platform].triple),
  )
})

test('the version is the same wherever it is written', () => {
  const version = (file, pattern) => pattern.exec(readFileSync(join(root, file), 'utf8'))[1]
  assert.equal(version('lib/version.ts', /VERSION = '(.+)'/), manifest.version)
  assert.equal(version('Cargo.toml', /^version = "(.+)"/m), manifest.version)
})

test('what a library needs is read from its file', { skip: linux }, async t => {
  const folder = await mkdtemp(join(tmpdir(), 'platforms-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'library.so')
  linkForGlibc('2.99', folder, path)
  assert.deepEqual(needs(readFileSync(path)), { libraries: ['libc.so.6'], versions: ['GLIBC_2.99'] })
  assert.throws(() => checkAddon(path, 'glibc'), /needs glibc 2\.99$/)
  assert.equal(glibcOf(['GLIBC_2.9', 'GLIBC_2.17', 'GCC_3.0', 'GLIBC_2.2.5']), '2.17')
})

for (const platform of platforms.filter(name => PLATFORMS[name].os === 'linux')) {
  const path = join(root, 'npm', platform, fileOf(platform))
  const skip = existsSync(path) ? false : `\`npm run build:platform -- ${platform}\` was not run`
  test(`the addon for ${platform} runs wherever Node does: with glibc ${GLIBC}, or any musl`, { skip }, () => {
    checkAddon(path, PLATFORMS[platform].libc)
  })
}
