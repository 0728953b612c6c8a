/**
 * The file of an export, so that a process may be killed at any moment. Until the list has ended, its items are in
 * `FILE.partial`, one line of JSON each, and `FILE.resume` says up to where they are certain, and where the list goes
 * on. What was written after that is cut off by the process that continues. `FILE` itself is always whole.
 */

import { createReadStream } from 'node:fs'
import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { Failure, UsageError } from '../failure.js'
import { columnsOf, row, rowOf } from '../output/csv.js'
import { isObject, type Path } from '../output/fields.js'

/** The form of `FILE.resume`, which another version of the command may have written. */
const VERSION = 1
/** How many characters of CSV are written at once. */
const PART = 256 * 1024

/** What is exported: what must be the same when an export is continued. The names are those of options. */
export interface Source {
  list: string
  'base-url': string
  format: string
  fields: string
  field: string
  since: string
  attachments: string
}

/** Where an export is. */
export interface Checkpoint {
  source: Source
  /** The time that `--since` stands for: `2h` means another one each time. */
  since: string | undefined
  /** Where the list goes on; `null` is its beginning. */
  cursor: string | null
  /** How many bytes of `FILE.partial` are certain. */
  length: number
  items: number
  /** The fields of `--fields` that none of the items has. */
  absent: readonly Path[]
  /** How many candidates withheld their files. */
  withheld: number
  /** Whether the list has ended. */
  done: boolean
}

/** The names of the files that belong to an export. */
export function filesOf(output: string): { partial: string; state: string; converted: string } {
  return { partial: `${output}.partial`, state: `${output}.resume`, converted: `${output}.converted` }
}

/** Reads where an earlier process has come to, or returns `undefined` if there is no such export. */
export async function readCheckpoint(output: string): Promise<Checkpoint | undefined> {
  const { state } = filesOf(output)
  const text = await readIfThere(state)
  if (text === undefined) return undefined
  const checkpoint = parsed(text)
  if (checkpoint !== undefined) return checkpoint
  throw new Failure('EXPORT_STATE', `${state} cannot be read: another version of this command has written it.`, {
    remedy: 'Start over with `--force`.',
  })
}

function parsed(text: string): Checkpoint | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) && value.version === VERSION ? (value as unknown as Checkpoint) : undefined
  } catch {
    return undefined
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Returns the size of a file, or `undefined` if there is none. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

/** An export that is being written. */
export class ExportFile {
  readonly output: string
  readonly #partial: FileHandle
  #checkpoint: Checkpoint

  private constructor(output: string, partial: FileHandle, checkpoint: Checkpoint) {
    this.output = output
    this.#partial = partial
    this.#checkpoint = checkpoint
  }

  /** Begins an export. What is left of an earlier one is overwritten. */
  static async begin(
    output: string,
    { source, since, absent }: Pick<Checkpoint, 'source' | 'since' | 'absent'>,
  ): Promise<ExportFile> {
    const checkpoint = { source, since, cursor: null, length: 0, items: 0, absent, withheld: 0, done: false }
    // The state comes first: without it, the length of a partial file means nothing.
    await writeCheckpoint(output, checkpoint)
    await rm(filesOf(output).converted, { force: true })
    return ExportFile.resume(output, checkpoint)
  }

  /** Continues an export: cuts off what an earlier process has written after its last checkpoint. */
  static async resume(output: string, checkpoint: Checkpoint): Promise<ExportFile> {
    const { partial } = filesOf(output)
    const file = await open(partial, 'a', 0o600)
    try {
      const { size } = await file.stat()
      if (size < checkpoint.length) {
        throw new Failure('EXPORT_STATE', `${partial} is shorter than it was: something else has changed it.`, {
          remedy: 'Start over with `--force`.',
        })
      }
      await file.truncate(checkpoint.length)
    } catch (error) {
      await file.close()
      throw error
    }
    return new ExportFile(output, file, checkpoint)
  }

  get checkpoint(): Readonly<Checkpoint> {
    return this.#checkpoint
  }

  /** Adds lines, and then records that they are certain. */
  async add(
    lines: string,
    moved: Pick<Checkpoint, 'cursor' | 'items' | 'absent' | 'withheld' | 'done'>,
  ): Promise<void> {
    const { length } = this.#checkpoint
    const bytes = Buffer.from(lines)
    const { size } = await this.#partial.stat()
    if (size !== length) {
      throw new Failure('EXPORT_BUSY', `${filesOf(this.output).partial} is being written by another process, too.`, {
        remedy: 'Let one of them end first.',
      })
    }
    await this.#partial.writeFile(bytes)
    // In this order, also on a disk that loses its power: what the checkpoint counts must be there.
    await this.#partial.datasync()
    const checkpoint = { ...this.#checkpoint, ...moved, length: length + bytes.length }
    await writeCheckpoint(this.output, checkpoint)
    this.#checkpoint = checkpoint
  }

  /** Makes `FILE` of the items, and removes the other files. Returns its size. Repeating it does no harm. */
  async finish(fields: readonly Path[] | undefined): Promise<number> {
    const { partial, state, converted } = filesOf(this.output)
    await this.#partial.close()
    if (this.#checkpoint.source.format === 'csv') {
      await convert(partial, converted, fields)
      await rename(converted, this.output)
      await rm(partial)
    } else {
      await rename(partial, this.output)
    }
    await rm(state)
    return (await stat(this.output)).size
  }

  async close(): Promise<void> {
    await this.#partial.close()
  }
}

/** Removes what a process has left behind that ended after its export was whole. */
export async function tidyUp(output: string): Promise<void> {
  await rm(filesOf(output).state, { force: true })
}

/** Replaces the checkpoint at once, so that there is always a whole one. */
async function writeCheckpoint(output: string, checkpoint: Checkpoint): Promise<void> {
  const { state } = filesOf(output)
  const next = `${state}.next`
  const file = await open(next, 'w', 0o600)
  try {
    await file.writeFile(JSON.stringify({ version: VERSION, ...checkpoint }))
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(next, state)
}

/** Makes CSV of lines of JSON. They are read twice, because only the last line tells which columns there are. */
async function convert(from: string, to: string, fields: readonly Path[] | undefined): Promise<void> {
  const columns = fields ?? (await columnsIn(from))
  const file = await open(to, 'w', 0o600)
  try {
    let part = columns.length === 0 ? '' : row(columns.map(path => path.join('.') || 'value'))
    for await (const item of itemsIn(from)) {
      part += rowOf(item, columns)
      if (part.length < PART) continue
      await file.writeFile(part)
      part = ''
    }
    await file.writeFile(part)
    await file.datasync()
  } finally {
    await file.close()
  }
}

async function columnsIn(path: string): Promise<Path[]> {
  const columns = new Map<string, Path>()
  for await (const item of itemsIn(path)) {
    for (const column of columnsOf([item])) columns.set(JSON.stringify(column), column)
  }
  return [...columns.values()]
}

/** Not by `node:readline`, for which a line also ends at U+2028, which may be in the text of an item. */
async function* itemsIn(path: string): AsyncGenerator<unknown> {
  let rest = ''
  for await (const chunk of createReadStream(path, 'utf8')) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line)
  }
}

/** Refuses to continue an export with other options. */
export function requireSame(before: Source, now: Source, output: string): void {
  const different = (Object.keys(now) as (keyof Source)[]).find(name => before[name] !== now[name])
  if (different === undefined) return
  const what = different === 'list' ? 'of another list' : `with another --${different}, or without it`
  throw new UsageError(
    `the export to ${output} was begun ${what}`,
    'Repeat the first command with `--resume`, or start over with `--force`.',
  )
}
