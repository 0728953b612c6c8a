/**
 * `npm run release -- VERSION --dry-run`: everything that a release needs, before the tag that starts the workflow.
 *
 * It writes the version and the section of the changelog, builds the addons that this machine can build, packs, runs the
 * gate, lists the crates, and writes `target/release-notes.md`. With `--dry-run` it then restores the files of the
 * checkout; without, they are there to be read, committed and tagged. It publishes nothing. What it built stays, and is
 * of the new version, until the next `npm run build`.
 *
 * `--here` builds the addon of this machine alone, and `--no-gate` leaves the gate out.
 */

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { PLATFORMS, packageOf } from './platforms.mjs'
import { writeSbom } from './release/sbom.mjs'
import { TOOLS } from './release/tools.mjs'
import { changesOf, textsOf } from './release/version.mjs'
import { root, run } from './setup.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: {
    'dry-run': { type: 'boolean', default: false },
    here: { type: 'boolean', default: false },
    gate: { type: 'boolean', default: true },
  },
})
const [version] = positionals
if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version ?? ''))
  throw new Error('name the version: npm run release -- 0.2.0 --dry-run')
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
if (git('status', '--porcelain') !== '') throw new Error('the checkout has changes that are not committed')

const texts = textsOf(version, new Date().toISOString().slice(0, 10))
const linux = Object.keys(PLATFORMS).filter(platform => PLATFORMS[platform].os === 'linux')
const notes = join(root, 'target', 'release-notes.md')

const STEPS = [
  [`version ${version} and its changes`, () => write(texts)],
  ['addon of this machine, JavaScript and sandbox', () => run(['npm', 'run', '--silent', 'build'])],
  ...(values.here
    ? []
    : linux.map(platform => [platform, () => run(['npm', 'run', 'build:platform', '--', platform])])),
  ...(values.gate ? [['gate', () => run(['npm', 'run', '--silent', 'gate', '--', '--no-build'])]] : []),
  ['crates in the addon', writeSbom],
  ['notes', () => writeFileSync(notes, notesOf(texts.get('CHANGELOG.md')))],
]

try {
  for (const [index, [what, step]] of STEPS.entries()) {
    console.error(`\n[${index + 1}/${STEPS.length}] ${what}`)
    await step()
  }
  console.error(`\n${notes} says what comes next`)
} finally {
  if (values['dry-run']) git('checkout', '--', ...texts.keys())
}

function write(texts) {
  for (const [file, text] of texts) writeFileSync(join(root, file), text)
}

function notesOf(changelog) {
  const names = [...Object.keys(PLATFORMS).map(packageOf), 'smartrecruiters', ...TOOLS.map(({ name }) => name)]
  return `# smartrecruiters ${version}

${changesOf(changelog, version)}

## For the maintainer

1. Commit, and push the tag: \`git commit -am "Release ${version}" && git tag v${version} && git push --tags\`. The
   workflow \`release\` builds all platforms, runs the gate, and stages the packages on npm.
2. Read what is staged (\`npm stage list\`), and approve the packages, each after those that it depends on:

${names.map(name => `   - ${name}@${version}`).join('\n')}

3. In an empty project, \`npm install smartrecruiters@${version} && npm audit signatures\` checks the provenance: that each
   package was built by this repository's workflow, from the commit of the tag.
`
}
