/**
 * Values of every kind for arguments: some right, some almost right, and some hostile. fast-check generates functions
 * that make them, since it would look into the values itself, and since a use may change its value.
 */

import fc from 'fast-check'

const { constantFrom, oneof } = fc

/** Texts that have led readers astray. */
export const text = oneof(
  constantFrom('', ' ', 'a', 'é', '日本', '😀', '\ud800', 'a\0b', 'a\r\nb', '%', '%2e%2e', '..', '/', '\\', '{', '}'),
  constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'then',
    'NaN',
    '-0',
    '1e999',
    'x'.repeat(5000),
  ),
  fc.string({ maxLength: 30, unit: 'binary' }),
)

export const number = oneof(
  constantFrom(0, -0, 1, -1, 0.5, 10, 1000, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 64),
  constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MIN_VALUE, Number.MAX_VALUE),
  fc.integer({ min: 0, max: 20 }),
)

/** Functions that return what an arbitrary generates. */
export const always = arbitrary => arbitrary.map(value => () => value)

/** The message of what getters and methods of hostile values throw. */
export const OWN_ERROR = 'a getter or a method of the caller throws'

const REVOKED = () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
const DETACHED = () => {
  const bytes = new Uint8Array(8)
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
  return bytes
}
const CIRCLE = () => {
  const circle = { a: [] }
  circle.a.push(circle)
  return circle
}
const THROWS = () => {
  throw new Error(OWN_ERROR)
}

/** Values that are not what they seem. */
export const hostile = constantFrom(
  REVOKED,
  DETACHED,
  CIRCLE,
  () => new Proxy({}, { get: THROWS, ownKeys: THROWS, has: THROWS, getOwnPropertyDescriptor: THROWS }),
  () => Object.defineProperty({}, 'id', { enumerable: true, get: THROWS }),
  () => ({ toString: THROWS, valueOf: THROWS, toJSON: THROWS, [Symbol.toPrimitive]: THROWS }),
  () => ({ [Symbol.toStringTag]: 'URL', href: 7 }),
  () => ({ [Symbol.iterator]: () => ({ next: THROWS }) }),
  () => ({ length: 2 ** 32, 0: 'a' }),
  // biome-ignore lint/suspicious/noThenProperty: what is awaited by mistake has to do no harm
  () => ({ then: THROWS }),
  () => Object.assign(['a'], { 3: 'd' }),
  () => new (class extends Array {})(3),
  () => Object.create(null),
  () => Object.create({ inherited: 'option' }),
  () => JSON.parse('{"__proto__":{"timeout":1},"constructor":1}'),
  () => Symbol('symbol'),
  () => 10n ** 30n,
  () => () => {},
  () => async () => {},
  () => class {},
  () => new Date(Number.NaN),
  () => new Map([['a', 1]]),
  () => new Set(['a']),
  () => new String('boxed'),
  () => new Error('an error'),
  () => Promise.resolve('a'),
  () => new URL('http://127.0.0.1:9/x'),
  () => new SharedArrayBuffer(4),
  () => new Float64Array(2),
  () => globalThis,
  () => undefined,
  () => null,
)

export const anything = oneof(
  { weight: 3, arbitrary: hostile },
  { weight: 2, arbitrary: always(text) },
  { weight: 2, arbitrary: always(number) },
  always(fc.boolean()),
  always(
    fc.anything({
      maxDepth: 2,
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSet: true,
    }),
  ),
)

/** A value that is right most times. */
export const mostly = (right, wrong = anything) =>
  oneof({ weight: 6, arbitrary: right }, { weight: 1, arbitrary: wrong })

/**
 * An object with up to three of these properties, each right most times, over those of `right`; with one that is unknown
 * now and then, or another value in its place.
 */
export function options(properties, right = {}) {
  const names = Object.keys(properties)
  const over = fc
    .subarray(names, { maxLength: Math.min(3, names.length) })
    .chain(some => fc.record(Object.fromEntries(some.map(name => [name, mostly(properties[name])]))))
  const unknown = oneof(text, constantFrom(...names.map(name => `${name}s`)))
  const misspelt = fc.tuple(unknown, anything).map(([name, value]) => ({ [name]: value }))
  return oneof(
    { weight: 12, arbitrary: over.map(makers => objectOf({ ...right, ...makers })) },
    { weight: 1, arbitrary: misspelt.map(makers => objectOf({ ...right, ...makers })) },
    { weight: 1, arbitrary: anything },
  )
}

/** A function that makes an object of what makes its properties. */
export function objectOf(makers) {
  return () => Object.fromEntries(Object.entries(makers).map(([name, make]) => [name, make()]))
}
