// How large the addon is and how soon a process has its first answer, held against what was recorded: a bound of two and
// of ten percent more. `npm run gate -- --record` records new figures, with the reason in the commit.

import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fileOf } from '../platforms.mjs'
import { root } from '../setup.mjs'
import { here, pack } from './pack.mjs'
import { cleanEnvironment } from './tools.mjs'

const FILE = new URL('figures.json', import.meta.url)
const ROUNDS = 31
/** How much more than recorded each figure may be. */
const MORE = { packed: 1.02, unpacked: 1.02, coldStart: 1.1 }
/** Without the certificates that this machine adds: reading them takes milliseconds, as many as there are. */
const { NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, SSL_CERT_DIR, ...environment } = cleanEnvironment

export const recorded = JSON.parse(readFileSync(FILE, 'utf8'))

export function record(figures) {
  writeFileSync(FILE, `${JSON.stringify(figures, null, 2)}\n`)
}

/** Returns which of these figures are more than they may be, a sentence for each. */
export function exceeded(figures) {
  return Object.entries(figures)
    .filter(([name, figure]) => figure > recorded[name] * MORE[name])
    .map(([name, figure]) => `${name} is ${figure}, more than ${MORE[name]} times the recorded ${recorded[name]}`)
}

/**
 * Measures the package of this machine's platform within `packages`, in bytes. Its addon has to be as it is published:
 * that of `npm run build` is linked otherwise, and developers build it with symbols to save time.
 */
export async function sizes(packages) {
  const folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-size-'))
  try {
    const archive = await pack(join(packages, here), folder)
    return { packed: statSync(archive).size, unpacked: statSync(join(packages, here, fileOf(here))).size }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/**
 * Measures the time from the start of a program to its first answer, without that of Node itself, as a ratio to undici's.
 * Both are measured in turns, since a machine is not equally quick at all times. Record it on a quiet machine: undici
 * uses more than one core, so other work slows it down more than this package, and the ratio comes out too low to be kept.
 */
export async function coldStart() {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"00000000-3f6c-4f5e-b1a7"}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${server.address().port}`
  const times = { smartrecruiters: [], 'undici-request': [] }
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const client of Object.keys(times)) {
        const args = [join(root, 'bench', 'cold.mjs'), client, url, '/small']
        const { stdout } = await promisify(execFile)(process.execPath, args, { env: environment })
        times[client].push(JSON.parse(stdout).sum)
      }
    }
  } finally {
    server.close()
  }
  // The best of each: whatever else the machine does only adds to it.
  const [ours, undici] = Object.values(times).map(all => Math.min(...all))
  console.error(`first answer after ${ours.toFixed(1)} ms, with undici after ${undici.toFixed(1)} ms`)
  return { coldStart: Math.round((1000 * ours) / undici) / 1000 }
}
