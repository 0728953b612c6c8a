// Installations that lack something: each is made for real, and the error names the true reason and one remedy.

import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { buildPackages } from '../scripts/build-packages.mjs'
import { tool } from '../scripts/gate/tools.mjs'
import { fileOf, manifest, PLATFORMS, packageOf } from '../scripts/platforms.mjs'
import { addonPath } from './support/addon.mjs'
import { foreignAddon } from './support/foreign-addon.mjs'
import { linkForGlibc } from './support/other-glibc.mjs'

const platform = /smartrecruiters\.(.+)\.node$/.exec(addonPath())[1]
const file = fileOf(platform)
const name = packageOf(platform)
const { version } = manifest
const linux = process.platform === 'linux' ? false : 'it is made with tools of Linux'
const asRoot = linux || (process.getuid() === 0 ? false : 'only root may mount')

/** Another platform, and what npm takes to install for it. */
const OTHER = 'darwin-arm64'
const ELSEWHERE = ['--os=darwin', '--cpu=arm64']

let folder
/** The packages as they are published, with an addon for this platform and for another one. */
let packages

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'broken-installs-'))
  packages = join(folder, 'npm')
  for (const each of [platform, OTHER]) mkdirSync(join(packages, each), { recursive: true })
  copyFileSync(addonPath(), join(packages, platform, file))
  writeFileSync(join(packages, OTHER, fileOf(OTHER)), await foreignAddon(OTHER))
  buildPackages(packages, { partial: true })
})
after(() => rm(folder, { recursive: true, force: true }))

test('a whole installation loads, also from a read-only file system', { skip: asRoot }, async t => {
  const project = await install()
  assert.deepEqual(await load(project), { loaded: true })
  mount(t, '--bind', '-o', 'ro', project, project)
  assert.throws(() => writeFileSync(join(project, 'new'), ''), { code: 'EROFS' })
  assert.deepEqual(await load(project), { loaded: true })
})

test('1. the package of the platform is not installed', async () => {
  const project = await install({ without: platform })
  assert.deepEqual(await load(project), {
    reason: 'notInstalled',
    message: `the package ${name} is not installed. Run \`npm install --save-optional ${name}@${version}\`.`,
  })
})

test('2. npm left it out, as it was told to', async () => {
  const { project, npm } = await projectOfNpm()
  npm('install', '--omit=optional')
  assert.deepEqual(await load(project), {
    reason: 'omitted',
    message:
      `package-lock.json lists ${name}, but it was not installed, as with \`--omit=optional\`. ` +
      'Run `npm install --include=optional`.',
  })
  npm('install', '--include=optional')
  assert.deepEqual(await load(project), { loaded: true })
})

test('3. the lock file was written on another platform and lists only that one', async () => {
  // Newer ones lock all platforms: https://github.com/npm/cli/issues/4828
  const { project, npm } = await projectOfNpm('10.9.9')
  npm('install', ...ELSEWHERE)
  rmSync(join(project, 'package-lock.json'))
  npm('install', ...ELSEWHERE)
  rmSync(join(project, 'node_modules'), { recursive: true })
  npm('ci')
  assert.deepEqual(await load(project), {
    reason: 'notInstalled',
    message:
      `package-lock.json was written on another platform and does not list ${name}. ` +
      `Run \`npm install --save-optional ${name}@${version}\`.`,
  })
})

test('4. node_modules were copied from another platform', async () => {
  const { project, npm } = await projectOfNpm()
  npm('install', ...ELSEWHERE)
  assert.deepEqual(await load(project), {
    reason: 'otherPlatform',
    message:
      `it was installed for ${OTHER}, and this is ${platform}. ` +
      'Install node_modules where they are used, instead of copying them: `npm ci`.',
  })
  npm('ci')
  assert.deepEqual(await load(project), { loaded: true })
})

test('5. the file is for another platform than its name says', async () => {
  const project = await install()
  copyFileSync(join(packages, OTHER, fileOf(OTHER)), join(project, 'node_modules', name, file))
  writeFileSync(join(project, 'pnpm-lock.yaml'), '')
  assert.deepEqual(await load(project), {
    reason: 'otherPlatform',
    message:
      `it was installed for ${OTHER}, and this is ${platform}. ` +
      'Install node_modules where they are used, instead of copying them: `pnpm install --force`.',
  })
})

test('6. the addon is for the other C library', { skip: linux }, async () => {
  const project = await install({ without: platform })
  const other = platform.replace(/-gnu$|-musl$/, suffix => (suffix === '-gnu' ? '-musl' : '-gnu'))
  writePackage(project, other, await foreignAddon(other))
  const names = [other, platform].map(each => (each.endsWith('musl') ? 'musl' : 'glibc'))
  assert.deepEqual(await load(project), {
    reason: 'otherLibc',
    message:
      `it was installed for ${names[0]} (${other}), and this Node uses ${names[1]} (${platform}). ` +
      'Install node_modules where they are used, instead of copying them: `npm install --force`.',
  })
})

test('7. the addon needs a newer glibc', {
  skip: linux || (platform.endsWith('musl') && 'there is no glibc'),
}, async () => {
  const project = await install()
  const path = join(project, 'node_modules', name, file)
  linkForGlibc('2.99', project, path)
  const found = process.report.getReport().header.glibcVersionRuntime
  assert.deepEqual(await load(project), {
    reason: 'glibcTooOld',
    message:
      `${path} needs glibc 2.99, and this system has ${found}. ` +
      `Use the one that is built for glibc 2.17: \`npm install --save-optional ${name}@${version}\`.`,
  })
})

test('8. the file is incomplete, which would kill the process', { skip: linux }, async () => {
  const project = await install()
  const path = join(project, 'node_modules', name, file)
  const whole = readFileSync(path)
  for (const part of [0, 10, 100, 5000, whole.length / 2, whole.length - 1].map(Math.floor)) {
    writeFileSync(path, whole.subarray(0, part))
    const { reason, message } = await load(project)
    assert.equal(reason, 'damaged', `${part}: ${message}`)
    const what = part < 64 ? `its ${part} bytes are not an addon` : `it ends after ${part} bytes`
    assert.equal(
      message,
      `${path} is damaged: ${what}. Run \`npm install --save-optional --force ${name}@${version}\`.`,
    )
  }
})

test('9. Node may not load addons, or not read this one', async () => {
  const project = await install()
  const permission = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission'
  const modules = join(project, 'node_modules')
  assert.deepEqual(await load(project, permission, '--allow-fs-read=*'), {
    reason: 'addonsForbidden',
    message:
      'Node runs with --permission, which forbids addons. ' +
      `Allow them: \`node --permission --allow-addons --allow-fs-read=${modules}\`.`,
  })
  assert.deepEqual(await load(project, '--no-addons'), {
    reason: 'addonsForbidden',
    message: 'Node runs with --no-addons. Start it without this option, which may be in the variable `NODE_OPTIONS`.',
  })
  assert.deepEqual(await load(project, permission, '--allow-fs-read=*', '--allow-addons'), { loaded: true })
})

test('10. addon and package have different versions', async () => {
  const project = await install()
  const bundle = join(project, 'node_modules', 'smartrecruiters', 'dist')
  for (const part of ['index.js', 'load-failure.js']) {
    const text = readFileSync(join(bundle, part), 'utf8')
    const newer = text.replace(`VERSION = "${version}"`, 'VERSION = "99.0.0"')
    assert.notEqual(newer, text)
    writeFileSync(join(bundle, part), newer)
  }
  assert.deepEqual(await load(project), {
    reason: 'otherVersion',
    message:
      `${join(project, 'node_modules', name, file)} is of version ${version}, and the package is of 99.0.0. ` +
      `Run \`npm install --save-optional --force ${name}@99.0.0\`.`,
  })
})

test('11. the file system is mounted with noexec', { skip: asRoot }, async t => {
  const project = await mkdtemp(join(folder, 'noexec-'))
  mount(t, '-t', 'tmpfs', '-o', 'noexec', 'tmpfs', project)
  await install({ project })
  assert.deepEqual(await load(project), {
    reason: 'noexec',
    message:
      `${join(project, 'node_modules', name, file)} is on ${project}, which is mounted with noexec. ` +
      `Run \`mount -o remount,exec ${project}\`.`,
  })
})

test('12. a bundler took the JavaScript and left the addon behind', async () => {
  const project = await install()
  const { build } = await import('esbuild')
  writeFileSync(join(project, 'main.cjs'), "require('smartrecruiters')")
  await build({
    entryPoints: [join(project, 'main.cjs')],
    outfile: join(project, 'out', 'bundle.cjs'),
    bundle: true,
    platform: 'node',
    external: ['*.node', 'smartrecruiters-*'],
  })
  await rm(join(project, 'node_modules'), { recursive: true })
  assert.deepEqual(await load(project, './out/bundle.cjs'), {
    reason: 'bundled',
    message:
      `${join(project, 'out')} holds a bundle with the JavaScript of this package, but without its addon. ` +
      `Copy ${file} beside the bundle, or exclude the package from it: ` +
      '`esbuild --external:smartrecruiters`, or the like of your bundler.',
  })
})

test('there is no addon for the platform at all', async () => {
  const project = await install()
  const { message, reason } = await load(
    project,
    '--import',
    `data:text/javascript,${encodeURIComponent("Object.defineProperty(process, 'arch', { value: 'mips' })")}`,
  )
  assert.equal(reason, 'unsupportedPlatform')
  assert.match(message, /^there is none for \w+-mips\S*\. Run it on one of these platforms: /)
  for (const each of Object.keys(PLATFORMS)) assert.ok(message.includes(each), each)
})

test('edge runtimes and browsers get a sentence of their own', async () => {
  const project = await install()
  const from = createRequire(join(project, 'main.cjs')).resolve('smartrecruiters/package.json')
  const { exports } = JSON.parse(readFileSync(from, 'utf8'))
  for (const condition of ['workerd', 'edge-light', 'browser', 'react-native']) {
    assert.equal(Object.keys(exports['.']).indexOf(condition) < Object.keys(exports['.']).indexOf('import'), true)
    for (const type of ['commonjs', 'module']) {
      const error = await load(project, '--conditions', condition, `--input-type=${type}`)
      assert.equal(error.reason, 'unsupportedRuntime')
      assert.match(error.message, /^smartrecruiters needs Node.js, Bun or Deno: /)
    }
  }
})

/** Makes a project with the packages in its `node_modules`, as a package manager lays them. */
async function install({ without, project } = {}) {
  project ??= await mkdtemp(join(folder, 'project-'))
  const modules = join(project, 'node_modules')
  await cp(join(packages, 'smartrecruiters'), join(modules, 'smartrecruiters'), { recursive: true })
  if (without !== platform) await cp(join(packages, platform), join(modules, name), { recursive: true })
  return project
}

/** Makes a project that depends on the packages, and returns it with its npm: that of this Node, or of a version. */
async function projectOfNpm(npmVersion) {
  const project = await mkdtemp(join(folder, 'npm-'))
  const main = join(project, 'main')
  const dependencies = { smartrecruiters: `file:${main}` }
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'project', version: '1.0.0', dependencies }))
  await cp(join(packages, 'smartrecruiters'), main, { recursive: true })
  const own = JSON.parse(readFileSync(join(main, 'package.json'), 'utf8'))
  own.optionalDependencies = Object.fromEntries(
    [platform, OTHER].map(each => [packageOf(each), `file:${join(packages, each)}`]),
  )
  writeFileSync(join(main, 'package.json'), JSON.stringify(own))
  const [command, ...before] =
    npmVersion === undefined
      ? ['npm']
      : [process.execPath, join(await tool(`npm@${npmVersion}`), 'npm', 'bin', 'npm-cli.js')]
  const npm = (...args) =>
    execFileSync(command, [...before, ...args, '--offline', '--no-audit', '--no-fund', '--install-links'], {
      cwd: project,
      stdio: 'pipe',
      shell: process.platform === 'win32',
    })
  return { project, npm }
}

/** Writes the package of a platform with this addon. */
function writePackage(project, platform, addon) {
  const folder = join(project, 'node_modules', packageOf(platform))
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: packageOf(platform), main: fileOf(platform) }))
  writeFileSync(join(folder, fileOf(platform)), addon)
}

/** Loads the package in a process of its own; what became of it. */
function load(project, ...args) {
  const module = args.includes('--input-type=module')
  const program = module
    ? "await import('smartrecruiters').then(() => console.log(JSON.stringify({ loaded: true })), report)"
    : "try { require('smartrecruiters'); console.log(JSON.stringify({ loaded: true })) } catch (error) { report(error) }"
  const report = 'function report({ code, reason, message }) { console.log(JSON.stringify({ code, reason, message })) }'
  const bundle = args.at(-1)?.startsWith('./') ? args.pop() : undefined
  const what = bundle === undefined ? program : program.replace("'smartrecruiters'", JSON.stringify(bundle))
  return new Promise((resolve, reject) => {
    const child = [...args, '--eval', `${report}\n${what}`]
    execFile(
      process.execPath,
      child,
      { cwd: project, env: { ...process.env, NODE_OPTIONS: '' } },
      (error, stdout, stderr) => {
        if (error !== null) return reject(new Error(`ended with ${error.signal ?? error.code}\n${stdout}\n${stderr}`))
        assert.doesNotMatch(stdout, /npm has a bug/)
        const { code, message, ...rest } = JSON.parse(stdout)
        if (message === undefined) return resolve(rest)
        assert.equal(code, 'ADDON_NOT_LOADED')
        resolve({ ...rest, message: message.replace(/^smartrecruiters cannot load its native addon: /, '') })
      },
    )
  })
}

/** Mounts something until the end of the test. */
function mount(t, ...args) {
  execFileSync('mount', args, { stdio: 'pipe' })
  t.after(() => execFileSync('umount', [args.at(-1)], { stdio: 'pipe' }))
}
