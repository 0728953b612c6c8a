/** The processes of a run: the server, and one for each client. */

import { execFile, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const here = path => fileURLToPath(new URL(path, import.meta.url))
const suffix = process.platform === 'win32' ? '.exe' : ''
const program = name => here(`native/target/release/${name}${suffix}`)
const run = promisify(execFile)

/** How much longer than it was asked to measure a round may take: the slowest download needs many seconds. */
const PATIENCE = 120_000

/** Starts the server. Resolves with where it listens and what it serves. */
export async function startServer(caFile) {
  const child = spawn(program('server'), [caFile], { stdio: ['pipe', 'pipe', 'inherit'] })
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`the server ended with exit code ${code}`)
  })
  failed.catch(() => {})
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), failed])
  return { ...JSON.parse(line), caFile, stop: () => child.stdin.end() }
}

/** What a client is measured with in a scenario: `round()` resolves with a result, or says why there is none. */
export function startClient(client, scenario, server) {
  return (client.native ? nativeClient : nodeClient)(client, scenario, server)
}

function nodeClient(client, scenario, server) {
  const tls = scenario.scheme === 'https'
  const args = ['--client', client.id, '--scenario', scenario.name, '--url', server[scenario.scheme]]
  args.push('--amount', String(server[scenario.body]))
  if (tls) args.push('--ca', server.caFile)
  // For those that cannot be told whom to trust.
  const trust = tls ? { NODE_EXTRA_CA_CERTS: server.caFile, SSL_CERT_FILE: server.caFile } : {}
  const runner = startRunner(here('runner.mjs'), args, trust)
  return {
    round: options => runner.round(options, (options.warmUp + options.seconds) * 1000 + PATIENCE),
    stop: runner.stop,
  }
}

/**
 * A process that takes messages and answers each with `{ result }`, or why there is none. `round` sends one, and gives
 * up after `patience` milliseconds.
 */
export function startRunner(file, args, variables = {}) {
  const child = fork(file, args, { env: { ...environment(), ...variables } })
  // Its end is what tells of it.
  child.on('error', () => {})
  return {
    async round(message, patience) {
      child.send(message)
      const limit = AbortSignal.timeout(patience)
      const answered = new AbortController()
      const signal = AbortSignal.any([limit, answered.signal])
      const ended = once(child, 'exit', { signal }).then(([code, by]) => {
        return [{ error: `the process ended with ${by ?? `exit code ${code}`}` }]
      })
      ended.catch(() => {})
      try {
        const [answer] = await Promise.race([once(child, 'message', { signal }), ended])
        return answer
      } catch (error) {
        return { error: limit.aborted ? 'no result in time' : error.message }
      } finally {
        answered.abort()
      }
    },
    stop: () => child.kill('SIGKILL'),
  }
}

function nativeClient(client, scenario, server) {
  const args = ['--url', server[scenario.scheme], '--path', scenario.path]
  args.push('--bytes', String(server[scenario.body]), '--in-flight', String(scenario.inFlight))
  if (scenario.scheme === 'https') args.push('--ca', server.caFile)
  args.push('--stream', String(scenario.kind === 'download'))
  return {
    async round({ warmUp, seconds }) {
      const times = ['--warm-up', String(warmUp), '--measure', String(seconds)]
      const timeout = (warmUp + seconds) * 1000 + PATIENCE
      try {
        const { stdout } = await run(program(client.id), [...args, ...times], { env: environment(), timeout })
        return { result: JSON.parse(stdout) }
      } catch (error) {
        return { error: error.stderr?.trim() || error.message }
      }
    },
    stop() {},
  }
}

/** Starts a process that loads a client, calls once and ends. */
export function startColdClient(client, scenario, server) {
  return {
    async round() {
      try {
        const args = [here('cold.mjs'), client.id, server[scenario.scheme], scenario.path]
        const { stdout } = await run(process.execPath, args, { env: environment(), timeout: PATIENCE })
        return { result: JSON.parse(stdout) }
      } catch (error) {
        return { error: error.stderr?.trim() || error.message }
      }
    },
    stop() {},
  }
}

/**
 * The caller's environment without what leads requests elsewhere, changes how Node runs, or adds certificates, which take
 * time to read.
 */
export function environment() {
  const unwanted =
    /^(https?_proxy|all_proxy|no_proxy|node_extra_ca_certs|ssl_cert_(file|dir)|node_options|node_debug|npm_.*)$/i
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !unwanted.test(name)))
}
