// The packages as their users get them: packed, checked, installed into a project of its own, and used there.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { publint } from 'publint'
import semver from 'semver'

const root = fileURLToPath(new URL('..', import.meta.url))
const fixtures = fileURLToPath(new URL('packages', import.meta.url))
/** A child that takes this long hangs. */
const HANGING = 240_000
/** The environment without what test runners and `npm run` leave in it, and without another addon or a colour. */
const env = Object.fromEntries(
  Object.entries({ ...process.env, NO_COLOR: '1' }).filter(
    ([name]) =>
      !/^(npm_(package|lifecycle|command|config_local_prefix)|INIT_CWD|NODE_TEST|FORCE_COLOR|SMARTRECRUITERS_)/i.test(
        name,
      ),
  ),
)

let folder
let project
let tarball
let packed
let warnings

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-packages-'))
  project = join(folder, 'project')
  packed = await pack(root)
  tarball = join(folder, packed.filename)
  const sandbox = join(folder, (await pack(join(root, 'packages', 'sandbox'))).filename)
  await cp(fixtures, project, { recursive: true })
  // Without scripts: nothing that users install may need one.
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
  warnings = (await npm(project, 'install', tarball, sandbox, ...flags)).stderr
})
after(() => rm(folder, { recursive: true, force: true }))

test('the package holds what it needs and nothing else', async () => {
  const files = packed.files.map(file => file.path)
  const inRoot = await readdir(root)
  const entries = await readdir(join(root, 'dist'), { recursive: true, withFileTypes: true })
  const built = entries
    .filter(entry => entry.isFile())
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)).replaceAll('\\', '/'))
  const addons = inRoot.filter(file => file.endsWith('.node'))
  const addon = new RegExp(`^smartrecruiters\\.${process.platform}-${process.arch}\\b.*\\.node$`)
  const help = (await readdir(join(root, 'docs/errors'))).map(file => `docs/errors/${file}`)
  for (const file of ['index.js', 'index.d.ts', 'web/index.js', 'web/index.d.ts'])
    assert(built.includes(`dist/${file}`), file)
  assert(addons.some(file => addon.test(file)))
  assert.deepEqual(
    files.sort(),
    [
      ...built,
      ...addons,
      ...help,
      ...[
        'index.d.ts',
        'index.mjs',
        'index.d.mts',
        'testing.mjs',
        'testing.d.mts',
        'web.mjs',
        'web.d.mts',
        'api.mjs',
        'api.d.mts',
        'otel.mjs',
        'otel.d.mts',
        'package.json',
        'README.md',
      ],
      ...['LICENSE', 'CHANGELOG.md'].filter(file => inRoot.includes(file)),
    ].sort(),
  )
})

test('a package that lacks what has to be built is not packed', async t => {
  const empty = join(folder, 'not-built')
  t.after(() => rm(empty, { recursive: true }))
  for (const file of ['package.json', 'scripts/prepack.mjs']) await cp(join(root, file), join(empty, file))
  const { message } = await pack(empty).catch(error => error)
  assert.match(message, /The package is not built, so it would lack dist\/index\.js, .*the native addon \(\*\.node\)\./)
  assert.match(message, /Run `npm run build` first\./)
})

test('the package has no runtime dependency and no script at installation', async () => {
  const manifest = JSON.parse(await readFile(join(project, 'node_modules', 'smartrecruiters', 'package.json'), 'utf8'))
  assert.equal(manifest.name, 'smartrecruiters')
  for (const field of ['dependencies', 'bundleDependencies', 'bundledDependencies']) {
    assert.equal(manifest[field], undefined, field)
  }
  // Only for `smartrecruiters/otel`, in programs that have it anyway.
  assert.deepEqual(Object.keys(manifest.peerDependencies), ['@opentelemetry/api'])
  assert.deepEqual(manifest.peerDependenciesMeta, { '@opentelemetry/api': { optional: true } })
  // `prepare` runs only where the package is installed from git.
  for (const script of ['preinstall', 'install', 'postinstall', 'prepublish']) {
    assert.equal(manifest.scripts?.[script], undefined, script)
  }
  // npm makes an `install` script of this file.
  assert(!packed.files.some(file => file.path === 'binding.gyp'))
})

test('what the packages need supports the versions of Node that they do', async () => {
  const lock = JSON.parse(await readFile(join(project, 'package-lock.json'), 'utf8'))
  const installed = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && !dev)
  const { engines } = installed.find(([path]) => path === 'node_modules/smartrecruiters-sandbox')[1]
  const others = installed.filter(
    ([, needs]) => needs.engines?.node && !semver.subset(engines.node, needs.engines.node),
  )
  assert(installed.length > 20)
  assert.deepEqual(others, [])
  assert.doesNotMatch(warnings, /EBADENGINE/)
})

test('publint finds nothing', async () => {
  const { buffer, byteOffset, byteLength } = await readFile(tarball)
  const { messages } = await publint({
    pack: { tarball: buffer.slice(byteOffset, byteOffset + byteLength) },
    strict: true,
  })
  assert.deepEqual(messages, [])
})

test('attw finds nothing', async () => {
  const attw = createRequire(import.meta.url).resolve('@arethetypeswrong/cli/package.json')
  const { stdout } = await node(folder, join(attw, '..', 'dist', 'index.js'), tarball, '--format', 'json')
  const { analysis } = JSON.parse(stdout)
  assert.equal(analysis.types.kind, 'included')
  assert.deepEqual(analysis.problems, [])
})

for (const [name, file] of [
  ['import', 'esm/index.mjs'],
  ['require', 'cjs/index.cjs'],
  ['both at once, which share one instance', 'both/index.mjs'],
]) {
  test(`it works by ${name}`, () => finishes(file))
}

for (const version of ['5.9', '6.0']) {
  test(`TypeScript ${version} accepts it as ES module and CommonJS, and what it makes of them works`, async t => {
    t.after(() => rm(join(project, 'ts-built'), { recursive: true, force: true }))
    await node(project, `node_modules/typescript-${version}/lib/tsc.js`, '-p', 'ts')
    await finishes('ts-built/index.mjs')
    await finishes('ts-built/index.cjs')
  })
}

// Without a limit of memory jest takes few quick tests into its own process, whatever it is told.
const workers = ['--maxWorkers=2', '--workerIdleMemoryLimit=4GB']
for (const [where, ...mode] of [
  ['one process', '--runInBand'],
  ['worker processes', ...workers],
  ['worker threads', '--workerThreads', ...workers],
]) {
  test(`it works under jest in ${where}`, () =>
    passes(9, 'node_modules/jest/bin/jest.js', '--config=jest/jest.config.js', '--json', ...mode))
}

test('it works under jest as ES modules', () =>
  passes(4, '--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--rootDir=jest-esm', '--json'))

for (const pool of ['forks', 'threads', 'vmForks', 'vmThreads']) {
  test(`it works under vitest with ${pool}`, () =>
    passes(9, 'node_modules/vitest/vitest.mjs', 'run', '--root=vitest', '--reporter=json', `--pool=${pool}`))
}

/** Runs a program of the project, which must come to its last line and end by itself. */
async function finishes(file) {
  const { stdout, stderr } = await node(project, file)
  assert.equal(stdout, 'done\n')
  assert.equal(stderr, '')
}

/** Runs a test runner of the project, whose tests must all pass, and which must end by itself. */
async function passes(tests, ...args) {
  const { stdout, stderr } = await node(project, ...args)
  const { success, numTotalTests, numPassedTests } = JSON.parse(stdout)
  assert.deepEqual(
    { success, numTotalTests, numPassedTests },
    { success: true, numTotalTests: tests, numPassedTests: tests },
  )
  // The runners kill what hangs, and only say so.
  assert.doesNotMatch(stderr, /did not exit|failed to exit|failed to terminate|timed out|prevents/i)
}

/** Packs a package, and tells what is in it. */
async function pack(from) {
  const { stdout } = await npm(from, 'pack', '--json', '--pack-destination', folder)
  return JSON.parse(stdout)[0]
}

function node(cwd, ...args) {
  return run(process.execPath, args, { cwd })
}

function npm(cwd, ...args) {
  // On Windows npm is a script, which only a shell starts.
  return run('npm', args, { cwd, shell: process.platform === 'win32' })
}

/** Runs a program to its end; rejects with all that it printed if it fails. */
function run(command, args, options) {
  return new Promise((resolve, reject) => {
    const all = { env, timeout: HANGING, maxBuffer: 2 ** 26, ...options }
    execFile(command, args, all, (error, stdout, stderr) => {
      if (error === null) return resolve({ stdout, stderr })
      const end = error.killed ? 'was stopped, since it hung' : `ended with ${error.signal ?? error.code}`
      reject(new Error(`\`${[command, ...args].join(' ')}\` ${end}\n${stdout}\n${stderr}`))
    })
  })
}
