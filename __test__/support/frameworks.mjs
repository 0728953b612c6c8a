/** Servers of every framework, which are programs in `web/`: what installs them, and how each is started. */

import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { COOKIE_SECRET } from './web.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

export const LIGHT = ['http', 'express', 'fastify', 'hono']
/** With WEB_FRAMEWORKS=all, as in the nightly run, the package is installed beside these, too. */
export const HEAVY = process.env.WEB_FRAMEWORKS === 'all' ? ['nest-express', 'nest-fastify', 'bun', 'deno', 'next'] : []

/** A project with the package, as it is packed, and the frameworks. Nothing needs a script at its installation. */
export async function installFrameworks() {
  const folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-web-'))
  await cp(join(root, '__test__', 'web'), folder, { recursive: true })
  await cp(join(folder, 'all', 'package.json'), join(folder, 'package.json'))
  await rm(join(folder, 'all', 'package.json'))
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root })
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
  await run('npm', ['install', JSON.parse(stdout)[0].filename, ...flags], { cwd: folder })
  const next = join(folder, 'node_modules', 'next', 'dist', 'bin', 'next')
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', WEB_SETTINGS: JSON.stringify(unusedSettings()) }
  await run(process.execPath, [next, 'build', join(folder, 'all', 'next')], { cwd: folder, env })
  return folder
}

/** `next build` loads the handlers, too. */
function unusedSettings() {
  const oauth = { clientId: 'c', clientSecret: 's', redirectUri: 'https://app.example.com/auth/callback' }
  return {
    oauth,
    partner: { clientId: 'c', clientSecret: 's' },
    cookieSecret: COOKIE_SECRET,
    secret: 's',
    reportUrl: '',
  }
}

/** The command that starts a server. `folder` is what {@link installFrameworks} made, and `kind` a folder in `web/`. */
export function frameworkCommand(name, { kind = '', folder, port }) {
  if (LIGHT.includes(name)) return [process.execPath, [join(root, '__test__', 'web', kind, `${name}.mjs`)]]
  const modules = join(folder, 'node_modules')
  const program = join(folder, 'all', kind, `${name}.mjs`)
  // The script at the installation of Bun would link its program into `.bin`.
  const bun = `bun-${process.platform}-${process.arch === 'arm64' ? 'aarch64' : process.arch}`
  if (name === 'bun') return [join(modules, '@oven', bun, 'bin', 'bun'), [program]]
  if (name === 'deno') return [join(modules, '.bin', 'deno'), ['run', '--allow-all', program]]
  if (name === 'next') {
    const next = join(modules, 'next', 'dist', 'bin', 'next')
    const address = ['--port', String(port), '--hostname', '127.0.0.1']
    return [process.execPath, [next, 'start', join(folder, 'all', 'next'), ...address]]
  }
  return [process.execPath, [program]]
}
