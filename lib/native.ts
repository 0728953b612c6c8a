/** Loads the native addon, or throws an error that says why it cannot be loaded. */

import type * as Native from '../index.js'
import { types } from './platform.js'

// The error of the generated loader blames npm for every failure, and mentions a WebAssembly build that does not exist.
function load(): typeof Native {
  try {
    return require('../index.js')
  } catch (error) {
    const reason = causes(error).find(message => !message.includes('Cannot find module'))
    const platform = `${process.platform}-${process.arch}`
    throw new Error(
      `smartrecruiters has no native addon for ${platform} on Node ${process.version}: ${reason ?? 'the file is not there'}. ` +
        'Install node_modules on the machine that runs them (not copied from another platform), with optional dependencies, ' +
        'and start node with --allow-addons if it runs with --permission.',
      { cause: error },
    )
  }
}

function causes(error: unknown): string[] {
  const messages: string[] = []
  for (let current = error; types.isNativeError(current); current = current.cause) messages.unshift(current.message)
  return messages
}

export const native = load()
