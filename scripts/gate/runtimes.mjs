// Each runtime runs the same programs, in one project that npm installed.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, readdir, readFile, stat } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { bunBinary, denoBinary, NODES, nodeBinary } from './tools.mjs'
import { run } from './world.mjs'

const RUNTIMES = [
  ...Object.entries(NODES).map(([major, version]) => ({
    name: `Node ${major}`,
    version,
    command: async () => [await nodeBinary(major)],
  })),
  { name: 'Bun', version: '1.4.5', command: async () => [await bunBinary()] },
  {
    name: 'Deno',
    version: '2.9.6',
    command: async () => [await denoBinary(), ...['run', '--allow-env', '--allow-read', '--allow-ffi']],
  },
]

export const runtimeCells = RUNTIMES.map(({ name, version, command }) => ({
  section: 'runtimes',
  name,
  version,
  light: name === 'Node 22',
  columns: {
    import: async world => finishes(world, [...(await command()), 'import.mjs']),
    require: async world => finishes(world, [...(await command()), 'require.cjs']),
    'worker thread': async world => finishes(world, [...(await command()), 'worker.mjs'], 'done\ndone\n'),
    'read-only, frozen': async world => thaws(world, [...(await command()), 'frozen.mjs']),
  },
}))

/** The project of all runtimes, which nobody may write to. */
function installed(world) {
  return world.once('runtimes', async () => {
    const project = await world.project('runtimes')
    await run(['npm', 'install', 'smartrecruiters'], project.options)
    for (const path of ['', ...(await readdir(project.folder, { recursive: true }))].map(to =>
      join(project.folder, to),
    )) {
      await chmod(path, (await stat(path)).mode & ~0o222)
    }
    return project
  })
}

async function finishes(world, command, expected = 'done\n') {
  const { options } = await installed(world)
  const { stdout } = await run(command, options)
  assert.equal(stdout, expected)
}

/** As on AWS Lambda: the files are read-only, and the process stands still between two calls. */
async function thaws(world, command) {
  const { options } = await installed(world)
  const relay = await startRelay(new URL(world.sandbox.baseUrl).port)
  const env = { ...options.env, SANDBOX_URL: relay.url }
  const [program, ...args] = command
  // Root may write to what is read-only. Another user need not reach the runtimes of this checkout.
  const isRoot = process.getuid?.() === 0
  const runtime = isRoot ? join(world.folder, `runtime-${basename(program)}`) : program
  if (isRoot) await cp(program, runtime)
  const nobody = isRoot ? { uid: 65534, gid: 65534 } : {}
  const child = spawn(runtime, args, { ...options, ...nobody, env, stdio: ['pipe', 'pipe', 'pipe'] })
  try {
    const ended = Promise.all([once(child, 'exit'), child.stderr.toArray()])
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const said = async () => (await Promise.race([lines.next(), ended.then(ends)])).value
    const ends = ([[code], errors]) => assert.fail(`ended with ${code}: ${Buffer.concat(errors)}`)
    assert.equal(await said(), 'ready')
    child.kill('SIGSTOP')
    while (!/^State:\tT/m.test(await readFile(`/proc/${child.pid}/status`, 'utf8'))) await setTimeout(10)
    // The server closes what is idle meanwhile.
    relay.disconnect()
    child.kill('SIGCONT')
    child.stdin.write('\n')
    assert.equal(await said(), 'done')
    const [[code]] = await ended
    assert.equal(code, 0)
  } finally {
    child.kill('SIGKILL')
    relay.close()
  }
}

/** Forwards connections to a port of this machine until they are told to end. */
async function startRelay(port) {
  const sockets = new Set()
  const server = createServer(near => {
    const far = connect(port, '127.0.0.1')
    for (const socket of [near, far])
      sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)))
    near.pipe(far).pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const disconnect = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    disconnect,
    close() {
      disconnect()
      server.close()
    },
  }
}
