/** CSV (RFC 4180) that is safe to open in a spreadsheet. */

import { isObject, type Path, valueAt } from './fields.js'

/**
 * What makes a spreadsheet take a cell for a formula, also in its full-width form. Candidates choose their names, so a
 * formula in a cell is an attack on whoever opens the file (OWASP, "CSV Injection").
 */
const FORMULA = /^[=+\-@\t\r＝＋－＠]/

/** Returns a row of cells, with its end. */
export function row(cells: readonly unknown[]): string {
  return `${cells.map(cell).join(',')}\r\n`
}

/** Returns the row of an item. */
export function rowOf(item: unknown, columns: readonly Path[]): string {
  return row(columns.map(path => valueAt(item, path)))
}

/** Returns the columns of items whose fields are not known beforehand: every path to a value, in order of appearance. */
export function columnsOf(items: readonly unknown[]): Path[] {
  const columns = new Map<string, Path>()
  for (const item of items) for (const path of leaves(item, [])) columns.set(JSON.stringify(path), path)
  return [...columns.values()]
}

function* leaves(value: unknown, path: Path): Generator<Path> {
  if (!isObject(value)) yield path
  else for (const [name, inner] of Object.entries(value)) yield* leaves(inner, [...path, name])
}

function cell(value: unknown): string {
  const text = textOf(value)
  // A number is a number, and `-5` no formula: only text can be one.
  const safe = typeof value !== 'number' && FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (Array.isArray(value) && value.every(element => typeof element !== 'object')) return value.join('; ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
