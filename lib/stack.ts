/** Stacks that begin with the caller's frame. */

/** The maximum number of this package's frames above the caller's. So many more frames are captured. */
const MOST_OWN_FRAMES = 12

interface Place {
  file: string
  /** Line and column as one number. */
  position: number
}

// Where this package's code begins and ends: a bundler may put it into one file with the caller's. An error makes its
// stack into text only when that is read, so that loading the package does not wait for it.
const atBegin = new Error()
let atEnd: Error | undefined
let known: { begin: Place | undefined; end: Place | undefined } | undefined

/** Marks the end of this package's code: the entry file calls it in its last line. */
export function endOfPackage(): void {
  atEnd = new Error()
}

/** Makes an error whose stack begins with the caller's frame. */
export function fromCaller<E extends Error>(make: () => E): E {
  const limit = Error.stackTraceLimit
  // Not an assignment: that throws if `Error` or the property is frozen.
  Reflect.set(Error, 'stackTraceLimit', limit + MOST_OWN_FRAMES)
  try {
    return withCallersStack(make(), limit)
  } finally {
    Reflect.set(Error, 'stackTraceLimit', limit)
  }
}

/** Removes the frames of this package, and of the platform's code that it called, from the top of an error's stack. */
export function withCallersStack<E extends Error>(error: E, limit = Error.stackTraceLimit): E {
  const { stack } = error
  // `Error.prepareStackTrace` may return anything.
  if (typeof stack !== 'string') return error
  const lines = stack.split('\n')
  // A message may have lines that look like frames.
  const head = stack.startsWith(String(error)) ? String(error).split('\n').length : 0
  const first = lines.findIndex((line, index) => index >= head && line.startsWith('    at '))
  const callers = lines.findIndex((line, index) => index >= first && !isOurs(line))
  // Without a frame of the caller, such as after a timer, the stack is left unchanged.
  if (first < 0 || callers < 0) return error
  const shown = [...lines.slice(0, first), ...lines.slice(callers, callers + limit)]
  Object.defineProperty(error, 'stack', { value: shown.join('\n'), configurable: true, writable: true })
  return error
}

/** Makes the error that the platform's `fetch` throws. It has the caller's frames, and its cause has none. */
export function causedBy(message: string, error: unknown): TypeError {
  const cause = error instanceof Error ? withoutFrames(error) : error
  return fromCaller(() => new TypeError(message, { cause }))
}

/** Removes all frames of an error that is the cause of another, which has them. */
export function withoutFrames<E extends Error>(error: E): E {
  return Object.defineProperty(error, 'stack', { value: String(error), configurable: true, writable: true })
}

function isOurs(line: string): boolean {
  const place = placeOf(line)
  if (place === undefined || place.file.startsWith('node:')) return true
  known ??= { begin: placeOf(frames(atBegin)[0]), end: placeOf(frames(atEnd)[1]) }
  const { begin, end } = known
  if (begin === undefined || place.file !== begin.file) return false
  return place.position >= begin.position && place.position <= (end?.position ?? Number.POSITIVE_INFINITY)
}

/** Returns the place of a frame; `undefined` for frames without one, such as that of `Array.map`. */
function placeOf(line = ''): Place | undefined {
  const frame = line.replace(/^ *at (?:async )?/, '')
  // With a function's name, the place is in parentheses, which a path may have too.
  const place = frame.endsWith(')') ? /^.*? \((.*)\)$/.exec(frame)?.[1] : frame
  const [, file, row, column] = /^(.*):(\d+):(\d+)$/.exec(place ?? '') ?? []
  return file === undefined ? undefined : { file, position: Number(row) * 1e6 + Number(column) }
}

/** Returns the frames of an error. The first one is where it was made. */
function frames(error: Error | undefined): string[] {
  const stack = error?.stack
  return typeof stack === 'string' ? stack.split('\n').slice(1) : []
}
