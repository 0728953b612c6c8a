// Each bundler builds the same program, from a project of its own in `__test__/packages/`.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, cp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileOf } from '../platforms.mjs'
import { root } from '../setup.mjs'
import { here } from './pack.mjs'
import { bunBinary, tool } from './tools.mjs'
import { run } from './world.mjs'

const addon = fileOf(here)

const BUNDLERS = [
  { name: 'esbuild', version: '0.28.2', specs: ['esbuild@0.28.2'], light: true },
  {
    name: 'rollup',
    version: '4.68.8',
    specs: ['rollup@4.68.8', '@rollup/plugin-commonjs@29.0.3', '@rollup/plugin-node-resolve@16.0.3'],
    light: true,
  },
  { name: 'vite', version: '8.3.8', specs: ['vite@8.3.8'] },
  { name: 'webpack', version: '5.113.0', specs: ['webpack@5.113.0'] },
  { name: 'rspack', version: '2.3.3', specs: ['@rspack/core@2.3.3'] },
  { name: 'Bun', version: '1.4.5', specs: [], program: bunBinary, takesAddon: true },
]

const NFT = '1.11.5'
const NEXT = ['next@16.4.6', 'react@19.3.1', 'react-dom@19.3.1']

export const bundlerCells = [
  ...BUNDLERS.map(bundler => ({
    ...{ section: 'bundlers', name: bundler.name, version: bundler.version, light: bundler.light === true },
    columns: {
      CommonJS: world => works(world, bundler, 'cjs'),
      'ES module': world => works(world, bundler, 'esm'),
      'moved, with the addon': async world => {
        for (const format of ['cjs', 'esm']) await moves(world, bundler, format)
      },
      external: async world => {
        for (const format of ['cjs', 'esm']) await works(world, bundler, format, 'external')
      },
    },
  })),
  { section: 'tracers', name: '@vercel/nft', version: NFT, light: true, columns: { traced: traces } },
  ...['Turbopack', 'webpack'].map(builder => ({
    ...{ section: 'tracers', name: `Next.js standalone (${builder})`, version: NEXT[0].split('@')[1], light: false },
    columns: { traced: world => servesNext(world, builder) },
  })),
]

/** A project with the program, a bundler, and this package. */
function prepared(world, name, fixture, specs) {
  return world.once(`bundler ${name}`, async () => {
    const project = await world.project(`bundler ${name}`)
    await cp(join(root, '__test__', 'packages', fixture), project.folder, { recursive: true })
    await cp(join(root, '__test__', 'packages', 'bundled'), project.folder, { recursive: true })
    await run(['npm', 'install', 'smartrecruiters'], project.options)
    // Beside this package, as if it had been installed there.
    if (specs.length > 0) await cp(await tool(...specs), join(project.folder, 'node_modules'), { recursive: true })
    return project
  })
}

async function build(world, { name, specs, program = async () => process.execPath }, format, ...external) {
  const project = await prepared(world, name, name.toLowerCase(), specs)
  const { stderr } = await run([await program(), 'build.mjs', format, ...external], project.options)
  // Bundlers warn of what they leave out, and of what will not work.
  assert.equal(stderr, '')
  return { project, file: format === 'cjs' ? 'app.cjs' : 'app.mjs' }
}

async function works(world, bundler, format, ...external) {
  const { project, file } = await build(world, bundler, format, ...external)
  const { stdout } = await run([process.execPath, join('out', file)], project.options)
  assert.equal(stdout, 'done\n')
}

/**
 * The bundle is moved to where there is no `node_modules`. It says what it lacks, and works with the addon beside it. Bun
 * puts the addon there by itself.
 */
async function moves(world, bundler, format) {
  const { project, file } = await build(world, bundler, format)
  const folder = join(world.folder, `moved-${bundler.name}-${format}`)
  await cp(join(project.folder, 'out'), folder, { recursive: true })
  const moved = { ...project.options, cwd: folder }
  const installed = join(project.folder, 'node_modules')
  // Some bundlers write the path of a source into the bundle.
  await rename(installed, `${installed}-away`)
  try {
    if (!bundler.takesAddon) {
      await assert.rejects(run([process.execPath, file], moved), ({ message }) =>
        message.includes(`Copy ${addon} beside`),
      )
      await copyFile(join(world.packages, here, addon), join(folder, addon))
    }
    const { stdout } = await run([process.execPath, file], moved)
    assert.equal(stdout, 'done\n')
  } finally {
    await rename(`${installed}-away`, installed)
  }
}

async function traces(world) {
  const project = await prepared(world, 'nft', 'nft', [`@vercel/nft@${NFT}`])
  await run([process.execPath, 'trace.mjs'], project.options)
  const moved = join(world.folder, 'traced')
  await cp(join(project.folder, 'traced'), moved, { recursive: true })
  const { stdout } = await run([process.execPath, 'app.mjs'], { ...project.options, cwd: moved })
  assert.equal(stdout, 'done\n')
}

async function servesNext(world, builder) {
  const project = await prepared(world, 'next', 'next', NEXT)
  await rm(join(project.folder, '.next'), { recursive: true, force: true })
  const env = { ...project.options.env, NEXT_TELEMETRY_DISABLED: '1' }
  const next = join('node_modules', 'next', 'dist', 'bin', 'next')
  const command = [process.execPath, next, 'build', `--${builder.toLowerCase()}`]
  await run(command, { ...project.options, env, timeout: 1_200_000 })
  const moved = join(world.folder, `next-${builder}`)
  await cp(join(project.folder, '.next', 'standalone'), moved, { recursive: true })
  const server = spawn(process.execPath, ['server.js'], {
    cwd: moved,
    env: { ...env, PORT: '0', HOSTNAME: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const url = await localUrl(server)
    const answer = await fetch(`${url}/api/jobs`)
    assert.equal(await answer.text(), '1')
  } finally {
    server.kill()
    await once(server, 'exit')
  }
}

async function localUrl(server) {
  for await (const line of createInterface({ input: server.stdout })) {
    const [url] = /http:\/\/[\w.]+:\d+/.exec(line) ?? []
    if (url !== undefined) return url
  }
  throw new Error('the server ended without naming its address')
}
