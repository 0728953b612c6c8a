/** `--fields a,b.c`: the parts of an item that are wanted. */

import { UsageError } from '../failure.js'

/** A path into an item: the names of properties, from the outside to the inside. */
export type Path = readonly string[]

/** Parses the value of `--fields`. */
export function parseFields(text: string): Path[] {
  const paths = text.split(',').map(path => path.trim().split('.'))
  if (paths.some(path => path.includes(''))) {
    throw new UsageError('--fields must be names separated by commas, such as id,location.city')
  }
  return paths
}

/** Returns a copy of `item` with the fields alone. A field that is not there is left out. */
export function pick(item: unknown, paths: readonly Path[]): unknown {
  if (Array.isArray(item)) return item.map(element => pick(element, paths))
  if (!isObject(item)) return item
  const picked: [string, unknown][] = []
  for (const [name, inner] of byFirst(paths)) {
    if (!Object.hasOwn(item, name)) continue
    picked.push([name, inner.some(path => path.length === 0) ? item[name] : pick(item[name], inner)])
  }
  return Object.fromEntries(picked)
}

/** Returns the value at a path, or `undefined`. In an array, that is the values of its elements. */
export function valueAt(item: unknown, path: Path): unknown {
  const [name, ...rest] = path
  if (name === undefined) return item
  if (Array.isArray(item)) return item.map(element => valueAt(element, path)).filter(value => value !== undefined)
  return isObject(item) && Object.hasOwn(item, name) ? valueAt(item[name], rest) : undefined
}

/** The fields of `--fields` that no item has had so far: most likely, their names are wrong. */
export class AbsentFields {
  #paths: readonly Path[]
  #items: number

  /** Begins with these fields, none of which was in the items that were looked at before. */
  constructor(paths: readonly Path[], items = 0) {
    this.#paths = paths
    this.#items = items
  }

  get paths(): readonly Path[] {
    return this.#paths
  }

  /** Looks for the fields in these items. */
  look(items: readonly unknown[]): void {
    this.#items += items.length
    for (const item of items) {
      if (this.#paths.length === 0) return
      this.#paths = this.#paths.filter(path => valueAt(item, path) === undefined)
    }
  }

  /** What to say of them, or `undefined` if each field was in an item, or there was no item. */
  get warning(): string | undefined {
    if (this.#paths.length === 0 || this.#items === 0) return undefined
    const names = this.#paths.map(path => path.join('.')).join(', ')
    return `Of --fields, no item has ${names}.`
  }
}

/** Whether a value is an object with properties: neither `null` nor an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function byFirst(paths: readonly Path[]): Map<string, Path[]> {
  const groups = new Map<string, Path[]>()
  for (const [name, ...rest] of paths) {
    if (name === undefined) continue
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [rest])
    else group.push(rest)
  }
  return groups
}
