/** Each store that the package offers, in a place of its own, as another process can make it from plain data. */

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { PostgresStore, RedisStore, SqliteStore } from 'smartrecruiters'
import { FileStore } from './file-store.mjs'
import { freePort, isRoot, programPath, startProgram } from './programs.mjs'

export const ENCRYPTION_KEY = '5a'.repeat(32)
export const STORES = ['sqlite', 'redis', 'postgres', 'custom']

/** Makes the store that `place` describes. */
export function openStore({ kind, options }) {
  const Store = { sqlite: SqliteStore, redis: RedisStore, postgres: PostgresStore, custom: FileStore }[kind]
  return new Store(options)
}

/**
 * Makes room for a store until the test ends. `folder` has all that it writes; `server`, where there is one, can be
 * stopped and started again; `settings` are those of Redis.
 */
export async function startPlace(t, kind, settings = []) {
  const folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-'))
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  return { kind, folder, ...(await { sqlite, redis, postgres, custom }[kind](t, folder, settings)) }
}

function sqlite(_t, folder) {
  return { options: { path: join(folder, 'grants.sqlite') } }
}

function custom(_t, folder) {
  return { options: { folder } }
}

async function redis(t, folder, settings) {
  const port = await freePort()
  const safe = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '', '--dir', folder]
  const program = programPath('redis-server', 'redis-server')
  const args = ['--bind', '127.0.0.1', '--port', String(port), ...safe, ...settings]
  const server = await startProgram(t, port, program, args)
  return { options: { url: `redis://127.0.0.1:${port}/0` }, server }
}

async function postgres(t, folder) {
  const port = await freePort()
  const data = join(folder, 'data')
  await writeFile(join(folder, 'password'), 'secret')
  const initdb = ['--username=postgres', '--auth=scram-sha-256', '--no-sync', '--locale=C', '-D', data]
  if (isRoot) execFileSync('chown', ['-R', 'nobody:nogroup', folder])
  const run = (name, args) => unprivileged(programPath(name, 'postgresql'), args)
  execFileSync(...run('initdb', [...initdb, '--pwfile', join(folder, 'password')]), { stdio: 'ignore', cwd: '/' })
  const [path, args] = run('postgres', ['-h', '127.0.0.1', '-p', String(port), '-k', '', '-D', data])
  const program = await startProgram(t, port, path, args, { cwd: '/' })
  const ready = programPath('pg_isready', 'postgresql')
  // It listens before it answers.
  const answers = async () => {
    while (spawnSync(ready, ['-h', '127.0.0.1', '-p', String(port)]).status !== 0) await setTimeout(20)
  }
  await answers()
  const server = { ...program, start: () => program.start().then(answers) }
  return { options: { url: `postgres://postgres:secret@127.0.0.1:${port}/postgres` }, server }
}

/** PostgreSQL refuses to be root. */
function unprivileged(path, args) {
  return isRoot ? ['setpriv', ['--reuid=nobody', '--regid=nogroup', '--clear-groups', path, ...args]] : [path, args]
}
