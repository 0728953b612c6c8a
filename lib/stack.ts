/** Stacks that begin with the caller's frame. */

/** How many frames of this package can stand before the caller's: so many more are asked for. */
const MOST_OWN_FRAMES = 12

interface Place {
  file: string
  /** Line and column as one number. */
  position: number
}

/** Where this package's code begins and ends. A bundler puts it into one file with the caller's. */
const begin = placeOf(frames()[1])
let end: Place | undefined

/** To be called last of all by the package's own code. */
export function endOfPackage(): void {
  end = placeOf(frames()[2])
}

/** Makes an error whose stack begins with the caller's frame. */
export function fromCaller<E extends Error>(make: () => E): E {
  const limit = Error.stackTraceLimit
  // Not by assignment, which throws where somebody has frozen it.
  Reflect.set(Error, 'stackTraceLimit', limit + MOST_OWN_FRAMES)
  try {
    return withCallersStack(make(), limit)
  } finally {
    Reflect.set(Error, 'stackTraceLimit', limit)
  }
}

/** Takes those frames from the top of an error's stack that are this package's, or the platform's on its behalf. */
export function withCallersStack<E extends Error>(error: E, limit = Error.stackTraceLimit): E {
  const { stack } = error
  // A hook of somebody's may have made anything of it.
  if (typeof stack !== 'string') return error
  const lines = stack.split('\n')
  const first = lines.findIndex(line => line.startsWith('    at '))
  const callers = lines.findIndex((line, index) => index >= first && !isOurs(line))
  // Where nobody called, as after a timer, the stack stays as it is.
  if (first < 0 || callers < 0) return error
  const shown = [...lines.slice(0, first), ...lines.slice(callers, callers + limit)]
  Object.defineProperty(error, 'stack', { value: shown.join('\n'), configurable: true, writable: true })
  return error
}

function isOurs(line: string): boolean {
  const place = placeOf(line)
  if (place === undefined || place.file.startsWith('node:')) return true
  if (begin === undefined || place.file !== begin.file) return false
  return place.position >= begin.position && place.position <= (end?.position ?? Number.POSITIVE_INFINITY)
}

/** Nothing for frames without a place, such as those of `Array.map`. */
function placeOf(line = ''): Place | undefined {
  const [, file, row, column] = /(?:\(|at (?:async )?)([^()]*):(\d+):(\d+)\)?$/.exec(line) ?? []
  return file === undefined ? undefined : { file, position: Number(row) * 1e6 + Number(column) }
}

/** The frames of whoever calls this, the first being this function's own. */
function frames(): string[] {
  const { stack } = new Error()
  return typeof stack === 'string' ? stack.split('\n').slice(1) : []
}
