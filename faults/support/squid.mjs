/** Squid, on a free port and with a configuration of its own. */

import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, programPath, startProgram } from '../../__test__/support/programs.mjs'

const CHECKER = '/usr/lib/squid/basic_ncsa_auth'

/** Starts one until the test ends. `user` and `password`: whom it lets in; default: everybody. */
export async function startSquid(t, { user, password } = {}) {
  const program = programPath('squid', 'squid')
  const folder = await mkdtemp(join(tmpdir(), 'squid-'))
  t.after(() => rm(folder, { recursive: true }))
  // It gives up being root, and writes its log all the same.
  await chmod(folder, 0o777)
  const port = await freePort()
  const lines = [
    `http_port 127.0.0.1:${port}`,
    `pid_filename ${folder}/pid`,
    `cache_log ${folder}/cache.log`,
    'access_log none',
    `coredump_dir ${folder}`,
    'netdb_filename none',
    'cache deny all',
    'shutdown_lifetime 0 seconds',
    'acl closed port 1',
    'http_access deny closed',
  ]
  if (user) {
    const hash = execFileSync('openssl', ['passwd', '-apr1', password], { encoding: 'utf8' }).trim()
    await writeFile(join(folder, 'users'), `${user}:${hash}\n`, { mode: 0o644 })
    lines.push(`auth_param basic program ${CHECKER} ${folder}/users`, 'auth_param basic children 2')
    lines.push('acl known proxy_auth REQUIRED', 'http_access allow known', 'http_access deny all')
  } else {
    lines.push('http_access allow all')
  }
  const configuration = join(folder, 'squid.conf')
  await writeFile(configuration, `${lines.join('\n')}\n`)
  const server = await startProgram(t, port, program, ['-N', '-f', configuration], { cwd: folder })
  return { port, url: `http://127.0.0.1:${port}`, kill: () => server.stop('SIGKILL') }
}
