/** How results are printed: as JSON, as a line per item, or as CSV, and which part of them. */

import type { Context } from '../context.js'
import { UsageError } from '../failure.js'
import type { Options } from '../options.js'
import { columnsOf, row, rowOf } from './csv.js'
import { AbsentFields, isObject, type Path, parseFields, pick } from './fields.js'

/** The options of every command that prints items. */
export const ITEM_OPTIONS = {
  ndjson: { type: 'boolean', help: 'print one line of JSON per item, as the items arrive' },
  csv: { type: 'boolean', help: 'print CSV, in which no cell can be a formula' },
  fields: { type: 'string', value: 'LIST', help: 'print these fields alone, such as id,location.city' },
  query: { type: 'string', short: 'q', value: 'EXPRESSION', help: 'apply a JMESPath expression to the whole result' },
} as const satisfies Options

/** How a command prints its result. */
export interface Format {
  kind: 'json' | 'ndjson' | 'csv'
  fields: Path[] | undefined
  query: ((value: unknown) => unknown) | undefined
}

/** Reads the options of {@link ITEM_OPTIONS}. To be called before anything is sent: it throws if they are wrong. */
export function formatOf(context: Context): Format {
  const { ndjson, csv, fields, query } = context.with(ITEM_OPTIONS).values
  if (ndjson && csv) throw new UsageError('--ndjson and --csv exclude each other')
  return {
    kind: ndjson ? 'ndjson' : csv ? 'csv' : 'json',
    fields: fields === undefined ? undefined : parseFields(fields),
    query: query === undefined ? undefined : compile(query),
  }
}

/** Whether the command line says how items are to be printed, so that people get them as they are, not as a table. */
export function wantsItems(context: Context): boolean {
  const { ndjson, csv, fields, query } = context.with(ITEM_OPTIONS).values
  return Boolean(ndjson || csv) || fields !== undefined || query !== undefined
}

/**
 * Prints a list that arrives page by page. JSON is one array, and is written when the list has ended: if it fails,
 * nothing is printed. `--ndjson`, and `--csv` with `--fields`, are written as pages arrive, unless there is a query.
 */
export async function printPages(
  context: Context,
  pages: AsyncIterable<readonly unknown[]>,
  format: Format,
): Promise<void> {
  const { kind, fields } = format
  const absent = new AbsentFields(fields ?? [])
  if (format.query === undefined && kind === 'ndjson') {
    for await (const items of pages) {
      absent.look(items)
      await context.write(lines(items, fields))
    }
    warn(context, absent)
  } else if (format.query === undefined && kind === 'csv' && fields !== undefined) {
    await context.write(header(fields))
    for await (const items of pages) {
      absent.look(items)
      await context.write(items.map(item => rowOf(item, fields)).join(''))
    }
    warn(context, absent)
  } else {
    const all: unknown[] = []
    for await (const items of pages) for (const item of items) all.push(item)
    await printValue(context, all, format)
  }
}

/** Prints one result. Where its items are wanted, those of an object with `content`, a page of a list, are in there. */
export async function printValue(context: Context, value: unknown, { kind, fields, query }: Format): Promise<void> {
  const result = query === undefined ? value : query(value)
  if (kind === 'ndjson') await context.write(lines(itemsOf(result), fields))
  else if (kind === 'csv') await context.write(table(itemsOf(result), fields))
  else await printJson(context, fields === undefined ? result : pickResult(result, fields))
  const absent = new AbsentFields(fields ?? [])
  absent.look(itemsOf(result))
  warn(context, absent)
}

/** An empty column is easy to miss in a script, so it is named on stderr. The result and the exit code stay the same. */
function warn(context: Context, { warning }: AbsentFields): void {
  if (warning !== undefined) context.note(warning)
}

async function printJson(context: Context, value: unknown): Promise<void> {
  const indent = context.forPeople ? 2 : undefined
  if (!Array.isArray(value) || value.length === 0) {
    await context.write(`${JSON.stringify(value ?? null, undefined, indent)}\n`)
    return
  }
  // In parts, since the text of a long list may be longer than a string can be.
  for (const [index, item] of value.entries()) {
    const text = JSON.stringify(item ?? null, undefined, indent)
    const inner = indent === undefined ? text : text.replaceAll(/^/gm, '  ')
    await context.write(`${index === 0 ? '[' : ','}\n${inner}`)
  }
  await context.write('\n]\n')
}

function pickResult(result: unknown, fields: Path[]): unknown {
  return pick(isPage(result) ? result.content : result, fields)
}

function lines(items: readonly unknown[], fields: Path[] | undefined): string {
  const wanted = fields === undefined ? items : items.map(item => pick(item, fields))
  return wanted.map(item => `${JSON.stringify(item ?? null)}\n`).join('')
}

function table(items: readonly unknown[], fields: Path[] | undefined): string {
  const columns = fields ?? columnsOf(items)
  return items.length === 0 && fields === undefined
    ? ''
    : header(columns) + items.map(item => rowOf(item, columns)).join('')
}

function header(columns: readonly Path[]): string {
  return row(columns.map(path => path.join('.') || 'value'))
}

function itemsOf(result: unknown): readonly unknown[] {
  if (Array.isArray(result)) return result
  if (isPage(result)) return result.content
  return result === undefined || result === null ? [] : [result]
}

function isPage(value: unknown): value is { content: unknown[] } {
  return isObject(value) && Array.isArray(value.content)
}

function compile(expression: string): (value: unknown) => unknown {
  const { search } = require('@aws-lambda-powertools/jmespath') as typeof import('@aws-lambda-powertools/jmespath')
  const apply = (value: unknown) => search(expression, value as Parameters<typeof search>[1])
  try {
    apply(null)
  } catch (error) {
    // An expression that suits only some values, such as `length(@)`, is not wrong as such.
    if (!(error instanceof Error) || error.name !== 'JMESPathTypeError') {
      throw queryError(error, 'JMESPath is described at https://jmespath.org.')
    }
  }
  return value => {
    try {
      return apply(value)
    } catch (error) {
      throw queryError(error)
    }
  }
}

function queryError(error: unknown, remedy?: string): UsageError {
  return new UsageError(`--query: ${error instanceof Error ? error.message : String(error)}`, remedy)
}
