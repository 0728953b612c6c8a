/** Turns of the event loop. */

/** Resolves with `undefined` after everything that is ready to continue has done so. */
export function turn(): Promise<undefined> {
  return new Promise(resolve => setImmediate(resolve, undefined))
}
