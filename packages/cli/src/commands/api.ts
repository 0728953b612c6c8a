/** `smartrecruiters api`: any request, and whole lists. */

import { clientOf } from '../client.js'
import type { Context } from '../context.js'
import { EXIT, Failure, UsageError } from '../failure.js'
import type { Options } from '../options.js'
import { formatOf, ITEM_OPTIONS, printPages, printValue } from '../output/items.js'
import { objectOf, parameters, parseField, queryOf } from '../request/fields.js'

export const usage = 'api [METHOD] PATH [OPTIONS]'

export const help = `
The path is relative to the root of the API. The method is GET unless it is given. The result is JSON,
which is indented on a terminal.

Read a job, a whole list, and a part of it:
  smartrecruiters api /jobs/{id} -f id=8a2f
  smartrecruiters api /jobs --paginate -f status=SOURCING
  smartrecruiters api /candidates --paginate --csv --fields id,firstName,location.city
  smartrecruiters api /jobs --paginate --query "[?location.city=='Berlin'].title"

Create a candidate, and upload a file:
  smartrecruiters api POST /candidates --input candidate.json
  smartrecruiters api POST /candidates -f firstName=Ada -f lastName=King -f email=ada@example.com
  smartrecruiters api POST /candidates/8a2f/jobs/5b1c/attachments -F file=@cv.pdf

Ask whether the credential may do something, without doing it:
  smartrecruiters api DELETE /candidates/{id} --can

A field that is named like a placeholder of the path takes its place. The other fields become the
query of a GET, HEAD or DELETE, and the JSON body of other methods. There, \`a.b=x\` sets a field of the
object \`a\`, \`a:=5\` sets a value in JSON, and a repeated field makes a list.
`

export const options = {
  field: {
    type: 'string',
    short: 'f',
    multiple: true,
    value: 'KEY=VALUE',
    help: 'add a field; KEY:=JSON for other values than text',
  },
  form: {
    type: 'string',
    short: 'F',
    multiple: true,
    value: 'KEY=@FILE',
    help: 'add a file or a value to a multipart form',
  },
  input: { type: 'string', value: 'FILE', help: 'send this file as the body, or stdin if it is -' },
  header: { type: 'string', short: 'H', multiple: true, value: 'NAME:VALUE', help: 'add a header' },
  include: { type: 'boolean', short: 'i', help: 'print the status and the headers of the answer on stderr' },
  timeout: { type: 'string', value: 'SECONDS', help: 'give up after this time; otherwise after 128 seconds' },
  paginate: { type: 'boolean', help: 'read the whole list, and print it as one array' },
  ...ITEM_OPTIONS,
  can: { type: 'boolean', help: 'print whether the scopes allow the request, and send nothing to the API' },
} as const satisfies Options

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']
/** The methods whose fields are their query. */
const WITHOUT_BODY = new Set(['GET', 'HEAD', 'DELETE'])

/** The methods and paths that may follow `words`. */
export async function complete(words: readonly string[]): Promise<[string, string?][]> {
  const { candidates } = await import('../request/table.js')
  const given = words.slice(0, -1).filter(word => !word.startsWith('-'))
  return given.length === 0
    ? [...METHODS.map((method): [string] => [method]), ...candidates('GET')]
    : candidates(given[0] ?? 'GET')
}

export async function run(context: Context): Promise<void> {
  const { values } = context.with(options)
  const { method, path } = target(context.positionals)
  if (values.can) return can(context, method, path)
  const format = formatOf(context)
  const request = await requestOf(context, method, path)
  if (values.paginate) {
    if (method !== 'GET') throw new UsageError('--paginate is for GET')
    if (values.include) throw new UsageError('--include shows one answer, and --paginate reads many')
    const { headers, params, query, signal, timeout } = request
    const list = (await clientOf(context)).paginate(path, { headers, params, query, signal, timeout })
    await printPages(context, itemsOf(list.pages()), format)
    return
  }
  const sr = await clientOf(context)
  const answer = await sr
    .request<unknown>(method, path, request)
    .asResponse()
    .catch((error: unknown) => {
      if (values.include && isAnswer(error)) context.note(head(error.status, Object.entries(error.headers)))
      throw error
    })
  if (values.include) context.note(head(answer.status, answer.headers))
  await printAnswer(context, answer, format)
}

function target(positionals: readonly string[]): { method: string; path: string } {
  const [first, second, third] = positionals
  if (first === undefined || third !== undefined) {
    throw new UsageError('api takes a method and a path', 'See `smartrecruiters api --help`.')
  }
  if (second === undefined) {
    if (!METHODS.includes(first.toUpperCase())) return { method: 'GET', path: first }
    throw new UsageError('the path is missing', 'See `smartrecruiters api --help`.')
  }
  return { method: first.toUpperCase(), path: second }
}

async function requestOf(context: Context, method: string, path: string) {
  const { field = [], form = [], input, header = [], timeout } = context.with(options).values
  const { params, rest } = parameters(path, field.map(parseField))
  const sendsBody = !WITHOUT_BODY.has(method)
  const bodies = [rest.length > 0 && sendsBody && form.length === 0, form.length > 0, input !== undefined]
  if (bodies.filter(Boolean).length > 1) throw new UsageError('the body is either the fields, a form, or --input')
  if (!sendsBody && (form.length > 0 || input !== undefined)) {
    throw new UsageError(`a ${method} has no body; name the method that has one, such as POST`)
  }
  const headers = headersOf(header)
  const { formOf, inputOf } = await import('../request/body.js')
  if (input !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/json')
  return {
    params,
    headers,
    signal: context.signal,
    ...(timeout !== undefined && { timeout: milliseconds(timeout) }),
    ...(rest.length > 0 && !sendsBody && { query: queryOf(rest) }),
    ...(rest.length > 0 && sendsBody && form.length === 0 && { json: objectOf(rest) }),
    // Together with a form, the fields are a part of it.
    ...(form.length > 0 && { form: await formOf(queryOf(rest).entries(), form) }),
    ...(input !== undefined && { body: await inputOf(input, context.terminal.stdin) }),
  }
}

function milliseconds(seconds: string): number {
  if (!/^\d+(\.\d+)?$/.test(seconds)) throw new UsageError('--timeout must be a number of seconds')
  return Math.ceil(Number(seconds) * 1000)
}

function headersOf(lines: readonly string[]): Headers {
  const headers = new Headers()
  for (const line of lines) {
    const [, name, value] = /^([^:]+):(.*)$/s.exec(line) ?? []
    if (name === undefined || value === undefined) throw new UsageError("-H must be 'Name: value'")
    try {
      headers.append(name.trim(), value.trim())
    } catch {
      throw new UsageError(
        `-H: ${JSON.stringify(name)} is not a header, or its value has characters that headers cannot have`,
      )
    }
  }
  return headers
}

async function printAnswer(context: Context, answer: Response, format: ReturnType<typeof formatOf>): Promise<void> {
  const type = answer.headers.get('content-type') ?? ''
  if (/^application\/([\w.+-]+\+)?json\b/i.test(type)) {
    const text = await answer.text()
    if (text !== '') await printValue(context, parseJson(text), format)
    return
  }
  if (answer.body === null) return
  if (format.kind !== 'json' || format.fields !== undefined || format.query !== undefined) {
    await answer.body.cancel()
    throw new Failure(
      'NOT_JSON',
      `The answer is not JSON, but ${type || 'of no known type'}: no part of it can be printed.`,
    )
  }
  if (context.terminal.stdout.isTTY && !/^text\/|xml/i.test(type)) {
    await answer.body.cancel()
    throw new Failure('BINARY', `The answer is ${type || 'binary'}, which is not for a terminal.`, {
      exit: EXIT.usage,
      remedy: 'Redirect it to a file: `smartrecruiters api … > file`.',
    })
  }
  for await (const chunk of answer.body) await context.write(chunk)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Failure('INVALID_RESPONSE', 'The answer is not valid JSON, although its content type says so.')
  }
}

/** Prints whether the credential's scopes allow the request. The exit code is 5 if they do not. */
async function can(context: Context, method: string, path: string): Promise<void> {
  const sr = await clientOf(context)
  const operation = `${method} ${path.split('?', 1)[0]}`
  const allowed = (await sr.can(operation, { signal: context.signal })) ?? null
  const { scopesOf } = await import('../request/table.js')
  const scopes = scopesOf(operation)
  await context.show({ operation, allowed, ...(scopes !== undefined && { scopes }) }, () => {
    const needs = scopes === undefined ? '' : ` It needs ${scopes.join(' and ')}.`
    const answers = { true: 'Yes, the scopes allow it.', false: 'No, the scopes do not allow it.', null: 'Not known.' }
    return `${answers[`${allowed}`]}${needs}\n`
  })
  if (allowed === false) context.exit = EXIT.permission
}

async function* itemsOf(pages: AsyncIterable<{ items: unknown[] }>): AsyncGenerator<unknown[]> {
  for await (const { items } of pages) yield items
}

function isAnswer(error: unknown): error is { status: number; headers: Record<string, string> } {
  return error instanceof Error && 'status' in error && 'headers' in error
}

function head(status: number, headers: Iterable<[string, string]>): string {
  return [`HTTP ${status}`, ...Array.from(headers, ([name, value]) => `${name}: ${value}`), ''].join('\n')
}
