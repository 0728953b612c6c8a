// Runs a program that ends only when it is interrupted: prints what it says first, and then interrupts it, as Ctrl+C does.

import { spawn } from 'node:child_process'
import { once } from 'node:events'

const [command, ...args] = process.argv.slice(2)
const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
child.stdout.once('data', text => {
  process.stdout.write(text)
  child.kill('SIGINT')
})
const [code, signal] = await once(child, 'close')
// A program of which nothing was heard has failed, whatever its exit code is.
if (child.killed && (code === 0 || code === 130 || signal === 'SIGINT')) process.exit(0)
console.error(`${command} ended with ${code ?? signal}`)
process.exit(code || 1)
