/** What a run was made with: versions, processor, command. Nothing that names the machine. */

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import os from 'node:os'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('..', import.meta.url))
const json = path => JSON.parse(readFileSync(path, 'utf8'))

/** The version of an npm package as a client finds it; nothing if it is not installed. */
export function packageVersion(name) {
  const found = [here, root].map(folder => `${folder}node_modules/${name}/package.json`).find(path => existsSync(path))
  return found && json(found).version
}

/** What to write beside the results of an npm script with these arguments, in which these npm packages took part. */
export function describeRun(script, args, packages) {
  return {
    date: new Date().toISOString().slice(0, 10),
    command: [`npm run ${script}`, ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
    processor: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memory: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${process.arch}`,
    versions: {
      smartrecruiters: json(`${root}package.json`).version,
      commit: commit(),
      node: process.version,
      rustc: output('rustc', '--version')?.split(' ')[1],
      ...Object.fromEntries([...new Set(packages)].map(name => [name, packageVersion(name) ?? 'not installed'])),
      ...crates('reqwest', 'hyper', 'tokio', 'rustls'),
    },
  }
}

function commit() {
  const id = output('git', 'rev-parse', '--short', 'HEAD')
  if (id === undefined) return undefined
  return output('git', 'status', '--porcelain', '--untracked-files=no') === '' ? id : `${id} and changes`
}

function crates(...names) {
  const lock = readFileSync(`${here}native/Cargo.lock`, 'utf8')
  const version = name => new RegExp(`^name = "${name}"\\nversion = "(.*)"$`, 'm').exec(lock)?.[1]
  return Object.fromEntries(names.map(name => [`${name} (crate)`, version(name)]))
}

function output(command, ...args) {
  try {
    return execFileSync(command, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}
