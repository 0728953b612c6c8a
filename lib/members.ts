/** Reads the properties of objects that others have made, such as options. All of this package's code reads them here. */

/**
 * Returns the named properties that an object or its classes have: options may be an instance of a class with getters.
 * Properties of `Object.prototype` do not count: any code in the process can put them there. `read` calls the function
 * that reads a property, and may translate what a getter throws.
 */
export function members<Key extends string>(
  value: object,
  names: readonly Key[],
  read: (name: Key, get: () => unknown) => unknown = (_name, get) => get(),
): Record<Key, unknown> {
  const holders: object[] = []
  for (let holder: object | null = value; holder !== null; holder = Object.getPrototypeOf(holder)) {
    if (!isObjectPrototype(holder)) holders.push(holder)
  }
  const found = bare({} as Record<Key, unknown>)
  for (const name of names) {
    if (isHeld(holders, name)) found[name] = read(name, () => (value as Record<Key, unknown>)[name])
  }
  return found
}

/** Whether one of `holders` has the property itself. Runs for each option of each call, so it makes no closures. */
function isHeld(holders: object[], name: string): boolean {
  for (const holder of holders) if (Object.hasOwn(holder, name)) return true
  return false
}

/** Whether a value is the `Object.prototype` of any realm: test runners have realms of their own. */
function isObjectPrototype(value: object): boolean {
  return Object.getPrototypeOf(value) === null && Object.hasOwn(value, 'isPrototypeOf')
}

/**
 * Copies the properties to an object without a prototype, so that an absent property stays absent whatever other code
 * puts on `Object.prototype`. Every object whose properties the addon or the platform reads must be made by this
 * function, and so must the copy of an object of the addon or of JSON from which optional properties are read.
 */
export function bare<T extends object>(properties: T): T {
  return Object.assign(new Bare(), properties) as T
}

/** Inherits nothing. Objects of `Object.create(null)` are hash tables, which cost a call more. */
class Bare {}
Object.setPrototypeOf(Bare.prototype, null)
