// The files that contain the version of this package, and what they become at a release. The sandbox and the command line
// have the same version. The packages of platforms and the optional dependencies are made from package.json, so they
// cannot differ.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../setup.mjs'
import { TOOLS } from './tools.mjs'

/** Each file, with the text before and after its version. */
const PLACES = [
  ['package.json', /^( {2}"version": ")[^"]+(")/m],
  ['package-lock.json', /^( {2}"version": ")[^"]+(")/m],
  ['package-lock.json', /^( {4}"": \{\n {6}"name": "smartrecruiters",\n {6}"version": ")[^"]+(")/m],
  ['Cargo.toml', /^(version = ")[^"]+(")/m],
  ['Cargo.lock', /^(name = "smartrecruiters"\nversion = ")[^"]+(")/m],
  ['lib/version.ts', /^(export const VERSION = ')[^']+(')/m],
  ...TOOLS.flatMap(({ folder, name }) => [
    [`${folder}/package.json`, /^( {2}"version": ")[^"]+(")/m],
    [
      'package-lock.json',
      new RegExp(`^( {4}"${folder}": \\{\\n {6}"name": "${name}",\\n {6}"version": ")[^"]+(")`, 'm'),
    ],
  ]),
]

/** What the changelog calls the changes since the last release. */
const UNRELEASED = '## Unreleased\n'

/** Returns the texts of all files that change, by their paths. */
export function textsOf(version, date) {
  const texts = new Map()
  const text = file => texts.get(file) ?? readFileSync(join(root, file), 'utf8')
  for (const [file, place] of PLACES) {
    if (!place.test(text(file))) throw new Error(`${file} does not name the version where it should: ${place}`)
    texts.set(file, text(file).replace(place, `$1${version}$2`))
  }
  const changes = text('CHANGELOG.md')
  if (!changes.includes(UNRELEASED)) throw new Error('CHANGELOG.md has no section "Unreleased"')
  if (changesOf(changes, 'Unreleased') === '') throw new Error('CHANGELOG.md names no change since the last release')
  return texts.set('CHANGELOG.md', changes.replace(UNRELEASED, `${UNRELEASED}\n## ${version} (${date})\n`))
}

/** Returns what the changelog says of a version, without its heading. */
export function changesOf(changelog, version) {
  const [, ...sections] = changelog.split(/^## /m)
  const section = sections.find(text => text.split(/[\s(]/, 1)[0] === version) ?? ''
  return section.slice(section.indexOf('\n')).trim()
}
