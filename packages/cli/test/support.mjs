// The command as its users run it: as a process.

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** The environment without credentials, and without what a run of tests leaves in it. */
const clean = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(SMARTRECRUITERS_|XDG_CONFIG_HOME|NODE_TEST)/i.test(name)),
)

/** The variables that make the sandbox the API, with its API key. */
export function sandboxVariables(sandbox) {
  return { SMARTRECRUITERS_BASE_URL: sandbox.baseUrl, SMARTRECRUITERS_API_KEY: sandbox.apiKey }
}

/** A folder of its own for profiles, as the variable that names it; removed after the test `t`. */
export async function configFolder(t) {
  const folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-cli-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return { SMARTRECRUITERS_CONFIG_DIR: folder }
}

/** A key of its own for secrets, as the variable that holds it. */
export function encryptionKey() {
  return { SMARTRECRUITERS_ENCRYPTION_KEY: randomBytes(32).toString('base64') }
}

/**
 * Starts the command. stdin is closed unless `input` is given or `stdin` is `pipe`; stdout and stderr are pipes.
 * @param {string[]} words
 * @param {{ env?: Record<string, string>, input?: string | Uint8Array, stdin?: 'ignore' | 'pipe', signal?: AbortSignal }} [options]
 */
export function start(words, { env = {}, input, stdin = 'ignore', signal } = {}) {
  const child = spawn(process.execPath, [main, ...words], {
    env: { ...clean, SMARTRECRUITERS_CONFIG_DIR: join(tmpdir(), 'smartrecruiters-cli-none'), ...env },
    stdio: [input === undefined ? stdin : 'pipe', 'pipe', 'pipe'],
    // A child that takes this long hangs.
    timeout: 60_000,
    killSignal: 'SIGKILL',
    signal,
  })
  if (input !== undefined) child.stdin.end(input)
  return child
}

/**
 * Runs the command to its end.
 * @returns {Promise<{ code: number | null, signal: string | null, stdout: string, stderr: string, bytes: Buffer }>}
 */
export async function run(words, options) {
  const child = start(words, options)
  const [out, err] = [[], []]
  child.stdout.on('data', chunk => out.push(chunk))
  child.stderr.on('data', chunk => err.push(chunk))
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (...end) => resolve(end))
  })
  const bytes = Buffer.concat(out)
  return { code, signal, stdout: bytes.toString(), stderr: Buffer.concat(err).toString(), bytes }
}
