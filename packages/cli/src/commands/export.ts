/** `smartrecruiters export`: a whole list in a file, exact however often the process is killed. */

import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Page, Paginator, SmartRecruiters } from 'smartrecruiters'
import { clientOf } from '../client.js'
import type { Context } from '../context.js'
import { AttachmentFolder, type FileCounts } from '../export/attachments.js'
import {
  type Checkpoint,
  ExportFile,
  filesOf,
  readCheckpoint,
  requireSame,
  type Source,
  sizeOf,
  tidyUp,
} from '../export/file.js'
import { LISTS, type List } from '../export/lists.js'
import { Failure, UsageError } from '../failure.js'
import type { Options } from '../options.js'
import { AbsentFields, type Path, parseFields, pick } from '../output/fields.js'
import { Progress } from '../output/progress.js'
import { parameters, parseField, queryOf } from '../request/fields.js'
import { duration, parseTime } from '../time.js'

export const usage = 'export LIST --output FILE [OPTIONS]'

export const help = `LIST is one of the names below, or the path of another list, such as /configuration/sources:
${Object.keys(LISTS).join(', ')}.

The file appears when it is complete. Until then, the items are in FILE.partial, and FILE.resume says where the list
goes on. If the command fails or is killed, repeat it with --resume: it continues exactly where it was. With --resume
it may also be the first run, so a script can repeat one command until it succeeds.

The files of candidates have the names DIR/CANDIDATE/ATTACHMENT-NAME. What is exported is personal data: files can be
read by their owner only.

  smartrecruiters export jobs --output jobs.ndjson
  smartrecruiters export candidates --output new.csv --format csv --fields id,email --since 7d
  smartrecruiters export candidates --output all.ndjson --attachments files --resume`

export const options = {
  output: { type: 'string', short: 'o', value: 'FILE', help: 'write this file' },
  resume: { type: 'boolean', help: 'continue an export that did not end, or begin one' },
  force: { type: 'boolean', help: 'start over, and replace what is there' },
  format: {
    type: 'string',
    value: 'FORMAT',
    choices: ['ndjson', 'csv'],
    help: 'write csv, or ndjson, which is the default',
  },
  since: {
    type: 'string',
    value: 'TIME',
    help: 'write only what has changed since then, such as 2h, 7d or 2026-01-31',
  },
  fields: { type: 'string', value: 'LIST', help: 'write these fields alone, such as id,location.city' },
  field: { type: 'string', short: 'f', value: 'KEY=VALUE', multiple: true, help: 'add a parameter of the list' },
  attachments: { type: 'string', value: 'DIR', help: 'also download the files of the candidates into this folder' },
} as const satisfies Options

export function complete(words: readonly string[]): readonly (readonly [string, string?])[] {
  return words.length === 1 ? Object.entries(LISTS).map(([name, { path }]) => [name, path] as const) : []
}

/**
 * How long a process that continues an export waits at first, in milliseconds: what the earlier one has sent counts
 * towards the limits for a second.
 */
const LIMITS_PASS = 1100

/** What the options ask for. */
interface Plan {
  list: List
  output: string
  source: Source
  fields: Path[] | undefined
  params: Record<string, string>
  query: URLSearchParams
}

/** What came of an export. */
interface Result {
  file: string
  items: number
  bytes: number
  duplicates: number
  missing: number
  attachments?: FileCounts
}

export async function run(context: Context): Promise<void> {
  const plan = planOf(context)
  await requireFolder(plan.output)
  const earlier = await findEarlier(context, plan)
  if (earlier === 'complete') {
    return context.show({ file: plan.output, complete: true }, () => `${plan.output} is complete.\n`)
  }
  const client = await clientOf(context)
  try {
    const result = await exportList(context, client, plan, earlier)
    await context.show(result, () => textOf(result))
  } finally {
    await client.close()
  }
}

function planOf(context: Context): Plan {
  const { values, positionals } = context.with(options)
  const { output, format = 'ndjson', fields, since, attachments } = values
  const [name, ...others] = positionals
  if (name === undefined || others.length > 0) {
    throw new UsageError('name one list to export', 'See `smartrecruiters export --help`.')
  }
  const list = Object.hasOwn(LISTS, name) ? LISTS[name] : name.startsWith('/') ? { path: name } : undefined
  if (list === undefined) {
    throw new UsageError(`there is no list ${JSON.stringify(name)}`, `The lists are ${Object.keys(LISTS).join(', ')}.`)
  }
  if (output === undefined) throw new UsageError('--output FILE is missing')
  if (output === '-') {
    throw new UsageError(
      '--output must be a file',
      `\`smartrecruiters api ${list.path} --paginate --ndjson\` writes a list to stdout.`,
    )
  }
  if (format !== 'ndjson' && format !== 'csv') throw new UsageError('--format must be ndjson or csv')
  if (values.resume && values.force) throw new UsageError('--resume and --force exclude each other')
  if (attachments !== undefined && !list.candidates) throw new UsageError('--attachments is for candidates only')
  if (since !== undefined && list.since === undefined) {
    throw new UsageError(`--since does not apply to ${name}: SmartRecruiters has no such parameter for this list`)
  }
  const { params, rest } = parameters(list.path, (values.field ?? []).map(parseField))
  return {
    list,
    output,
    fields: fields === undefined ? undefined : parseFields(fields),
    params,
    query: queryOf(rest),
    source: {
      list: list.path,
      'base-url': values['base-url'] ?? context.variable('SMARTRECRUITERS_BASE_URL') ?? '',
      format,
      fields: fields ?? '',
      field: (values.field ?? []).join('&'),
      since: since ?? '',
      attachments: attachments ?? '',
    },
  }
}

/** Nothing is requested for a file that cannot be written. */
async function requireFolder(output: string): Promise<void> {
  const folder = dirname(output)
  if ((await sizeOf(folder)) !== undefined) return
  throw new UsageError(`the folder ${folder} does not exist`, 'Make it first.')
}

/** Finds what an earlier process has left: an export to continue, one that is complete, or nothing. */
async function findEarlier(context: Context, { output, source }: Plan): Promise<Checkpoint | 'complete' | undefined> {
  const { resume, force } = context.with(options).values
  if (force) return undefined
  const { partial, state } = filesOf(output)
  const [isPartial, isThere] = [(await sizeOf(partial)) !== undefined, (await sizeOf(output)) !== undefined]
  const checkpoint = await readCheckpoint(output)
  if (checkpoint === undefined) {
    if (!isThere) return undefined
    if (resume) return 'complete'
    throw new Failure('FILE_EXISTS', `${output} is there already.`, { remedy: 'Replace it with `--force`.' })
  }
  if (!resume) {
    throw new Failure('FILE_EXISTS', `${state} is there: an export to this file has not ended.`, {
      remedy: 'Continue it with `--resume`, or start over with `--force`.',
    })
  }
  requireSame(checkpoint.source, source, output)
  if (!checkpoint.done || isPartial || !isThere) return checkpoint
  await tidyUp(output)
  return 'complete'
}

async function exportList(
  context: Context,
  client: SmartRecruiters,
  plan: Plan,
  earlier: Checkpoint | undefined,
): Promise<Result> {
  const file = await (earlier === undefined ? begin(plan) : ExportFile.resume(plan.output, earlier))
  try {
    if (earlier !== undefined && !earlier.done) await setTimeout(LIMITS_PASS, undefined, { signal: context.signal })
    return await write(context, client, plan, file)
  } catch (error) {
    await file.close()
    throw error
  }
}

function begin({ output, source, fields = [] }: Plan): Promise<ExportFile> {
  const since = source.since === '' ? undefined : parseTime('--since', source.since, Date.now()).toISOString()
  return ExportFile.begin(output, { source, since, absent: fields })
}

async function write(context: Context, client: SmartRecruiters, plan: Plan, file: ExportFile): Promise<Result> {
  const { list, fields, params, output } = plan
  const { since, cursor, items, withheld, done } = file.checkpoint
  const { signal } = context
  const progress = new Progress(context)
  const absent = new AbsentFields(file.checkpoint.absent, items)
  const folder = folderOf(context, client, plan, withheld)
  const query = new URLSearchParams(plan.query)
  if (since !== undefined && list.since !== undefined) query.set(list.since, since)
  const pages = client.paginate<unknown>(list.path, {
    params,
    query,
    from: cursor,
    signal,
  })
  const counts = () => ({
    items: pages.progress.done,
    absent: absent.paths,
    withheld: folder?.counts.withheld ?? 0,
  })
  if (items > 0) progress.note(`Continuing after ${count(items)} items.`)
  try {
    for await (const page of pages.pages()) {
      await folder?.download(page.items, () => progress.update(() => progressOf(pages, folder)))
      absent.look(page.items)
      await file.add(linesOf(page.items, plan), { cursor: page.cursor, ...counts(), done: false })
      progress.update(() => progressOf(pages, folder))
    }
    if (!done) await file.add('', { cursor: pages.cursor, ...counts(), done: true })
  } catch (error) {
    progress.note(`${count(file.checkpoint.items)} items are done. Repeat the command with \`--resume\` to continue.`)
    throw error
  }
  progress.clear()
  if (absent.warning !== undefined) context.note(absent.warning)
  const bytes = await file.finish(fields)
  // Those of earlier processes are in the cursor.
  const { done: all, duplicates, missing } = pages.progress
  return { file: output, items: all, bytes, duplicates, missing, ...(folder && { attachments: folder.counts }) }
}

function folderOf({ signal }: Context, client: SmartRecruiters, { source }: Plan, withheld: number) {
  if (source.attachments === '') return undefined
  const folder = new AttachmentFolder(client, source.attachments, signal)
  folder.counts.withheld = withheld
  return folder
}

/** The lines of a page. CSV is made of whole items in the end, when all of its columns are known. */
function linesOf(items: Page<unknown>['items'], { source, fields }: Plan): string {
  const wanted = fields === undefined || source.format === 'csv' ? items : items.map(item => pick(item, fields))
  return wanted.map(item => `${JSON.stringify(item)}\n`).join('')
}

function progressOf({ progress }: Paginator<unknown>, folder: AttachmentFolder | undefined): string {
  const { done, total, rate, eta } = progress
  const parts = [
    total === undefined ? `${count(done)} items` : `${count(done)} of ${count(total)} items`,
    ...(total ? [`${Math.min(100, Math.floor((done / total) * 100))} %`] : []),
    `${count(Math.round(rate))} per second`,
    ...(folder === undefined ? [] : [`${count(folder.counts.files + folder.counts.present)} files`]),
    ...(eta === undefined ? [] : [`${duration(eta)} left`]),
  ]
  return parts.join(', ')
}

function textOf({ file, items, bytes, duplicates, missing, attachments }: Result): string {
  const lines = [`${count(items)} items, ${count(bytes)} bytes: ${file}`]
  if (attachments !== undefined) {
    const { files, present, withheld } = attachments
    lines.push(
      `${count(files)} files downloaded, ${count(present)} there before, ${count(withheld)} candidates withheld`,
    )
  }
  if (duplicates > 0) lines.push(`${count(duplicates)} items came twice, because the list changed meanwhile.`)
  if (missing > 0) lines.push(`${count(missing)} items may be missing, because the list changed meanwhile.`)
  return `${lines.join('\n')}\n`
}

/** A number as English writes it. */
function count(number: number): string {
  return number.toLocaleString('en')
}
