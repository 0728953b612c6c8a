// How each package manager installs this package into an empty project, and how it starts a program there.

import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PLATFORMS, packageOf } from '../platforms.mjs'
import { here } from './pack.mjs'
import { bunBinary, denoBinary, nodeBinary, tool } from './tools.mjs'
import { run } from './world.mjs'

const PLATFORM_PACKAGE = /smartrecruiters-(?:linux|darwin|win32)-[a-z0-9]+(?:-[a-z]+)?/

/**
 * The package managers. `prepare` returns the command that starts the manager; `files` are written into the project
 * before `install`; `run` is the command that runs a program, `node FILE` if it is absent.
 */
const MANAGERS = [
  ...['10.9.9', '11.21.2', '12.2.1'].map(version => ({
    name: `npm ${version.split('.')[0]}`,
    version,
    prepare: async node => [node, join(await tool(`npm@${version}`), 'npm', 'bin', 'npm-cli.js')],
    install: spec => ['install', spec],
  })),
  ...[
    ['10.34.8', 'bin/pnpm.cjs'],
    ['11.28.10', 'bin/pnpm.mjs'],
  ].map(([version, file]) => ({
    name: `pnpm ${version.split('.')[0]}`,
    version,
    prepare: async node => [node, join(await tool(`pnpm@${version}`), 'pnpm', file)],
    install: spec => ['add', spec],
  })),
  {
    name: 'pnpm 12',
    version: '12.21.0',
    prepare: async () => [join(await tool('@pnpm/exe.linux-x64@12.21.0'), '@pnpm', 'exe.linux-x64', 'pnpm')],
    install: spec => ['add', spec],
  },
  ...['pnp', 'node-modules'].map(linker => ({
    name: `Yarn 4 (${linker === 'pnp' ? 'PnP' : 'node_modules'})`,
    version: '4.18.1',
    prepare: async node => [
      node,
      join(await tool('@yarnpkg/cli-dist@4.18.1'), '@yarnpkg', 'cli-dist', 'bin', 'yarn.js'),
    ],
    files: registry => ({
      'yarn.lock': '',
      '.yarnrc.yml': [
        `npmRegistryServer: '${registry}'`,
        'unsafeHttpWhitelist: [127.0.0.1]',
        `nodeLinker: ${linker}`,
        'enableGlobalCache: false',
        'enableTelemetry: false',
        // Otherwise only a project of `"type": "module"` can import.
        'pnpEnableEsmLoader: true',
        '',
      ].join('\n'),
    }),
    install: spec => ['add', spec],
    run: (manager, _node, file) => [...manager, 'node', file],
  })),
  {
    name: 'Bun',
    version: '1.4.5',
    prepare: async () => [await bunBinary()],
    install: spec => ['add', spec],
    run: ([bun], _node, file) => [bun, file],
  },
  {
    name: 'Deno',
    version: '2.9.6',
    prepare: async () => [await denoBinary()],
    install: spec => ['add', `npm:${spec}`],
    run: ([deno], _node, file) => [deno, 'run', '--allow-env', '--allow-read', '--allow-ffi', file],
  },
]

/** Installs this package into an empty project, and runs a program of each module system there. */
export const managerCells = MANAGERS.map(manager => ({
  section: 'managers',
  name: manager.name,
  version: manager.version,
  light: manager.name === 'npm 11' || manager.name === 'pnpm 12',
  columns: {
    import: world => consume(world, manager, 'import.mjs'),
    require: world => consume(world, manager, 'require.cjs'),
  },
}))

async function consume(world, manager, program) {
  const { node, command, project } = await world.once(manager.name, () => install(world, manager))
  const { stdout } = await run(manager.run?.(command, node, program) ?? [node, program], project.options)
  assert.equal(stdout, 'done\n')
}

async function install(world, manager) {
  // The managers that are written in JavaScript do not all run on the oldest Node.
  const node = await nodeBinary(24)
  const command = await manager.prepare(node)
  const project = await world.project(manager.name, manager.files?.(world.registry.url))
  await run([...command, ...manager.install('smartrecruiters')], project.options)
  const installed = (await readdir(project.folder, { recursive: true })).flatMap(
    path => path.match(PLATFORM_PACKAGE) ?? [],
  )
  const names = [...new Set(installed)].sort()
  // Deno ignores `libc`, and installs both packages of the system and the processor.
  const { os, cpu } = PLATFORMS[here]
  const alike = Object.keys(PLATFORMS).filter(name => PLATFORMS[name].os === os && PLATFORMS[name].cpu === cpu)
  assert.deepEqual(names, (manager.name === 'Deno' ? alike : [here]).map(packageOf).sort())
  return { node, command, project }
}
