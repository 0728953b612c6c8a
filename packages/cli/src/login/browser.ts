/** The user's browser. */

import { spawn } from 'node:child_process'
import type { Context } from '../context.js'

/** Opens a URL in the browser, and resolves with whether one could be started. */
export function openBrowser(context: Context, url: string): Promise<boolean> {
  const command = commandFor(context)
  if (command === undefined) return Promise.resolve(false)
  const [program, ...args] = command
  return new Promise(resolve => {
    const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true })
    child.once('error', () => resolve(false))
    child.once('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}

function commandFor(context: Context): [string, ...string[]] | undefined {
  const own = context.variable('BROWSER')
  if (own !== undefined) return [own]
  if (process.platform === 'darwin') return ['open']
  // `start` is a part of the shell, which would read the `&` of the URL.
  if (process.platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler']
  const hasDisplay = ['DISPLAY', 'WAYLAND_DISPLAY'].some(name => context.variable(name) !== undefined)
  return hasDisplay ? ['xdg-open'] : undefined
}
