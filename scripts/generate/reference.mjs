// Writes the reference of all operations, `docs/reference.md`.

import { writeType } from './type.mjs'

const CREDENTIALS = {
  either: 'an API key or an OAuth token',
  bearer: 'an OAuth token',
  partner: "a partner's API key",
  public: 'none',
}
const MEDIA_TYPES = {
  json: '`application/json`',
  'json-patch': '`application/json-patch+json`',
  form: '`application/x-www-form-urlencoded`',
  multipart: '`multipart/form-data`',
}
/** What is said of an API as a whole. */
const NOTES = {
  'assessment-partner-app': "A partner's own server offers these operations, and SmartRecruiters calls them.",
}
const FILES = { binary: 'a file', csv: 'a CSV file', pdf: 'a PDF file', html: 'an HTML page' }

const INTRODUCTION = `# Reference of operations

<!-- Generated from api/ by \`npm run generate\`. Do not edit. -->

These are the operations of the SmartRecruiters API that this package knows: COUNT of them, in APIS APIs. The table is
what types, scopes, page rules and limits are taken from; its sources are named in [api/README.md](../api/README.md). You
can call other paths too, with \`get\` and its siblings or with \`fetch\`.

- **Scopes** are what an OAuth token needs. Where they are missing here, no source documents them.
- A parameter in **bold** is required.
- Types such as \`Job\` are exported by \`smartrecruiters/api\`.
- Each credential may send ten requests per second to an endpoint, and eight at once in total. Exceptions are named.
- **Source** names where the line comes from, and how sure it is.
`

/** Returns the text of the page by its path. */
export function reference({ operations }) {
  const apis = [...groupByApi(operations)].sort(([a], [b]) => (a < b ? -1 : 1))
  const contents = apis.map(([api, { length }]) => `- [${title(api)}](#${anchor(api)}) (${length})`).join('\n')
  const sections = apis.map(([api, all]) =>
    [`## ${title(api)}`, NOTES[api], ...all.map(entry)].filter(text => text !== undefined).join('\n\n'),
  )
  const introduction = INTRODUCTION.replace('COUNT', String(operations.length)).replace('APIS', String(apis.length))
  return { 'docs/reference.md': `${[introduction, contents, ...sections].join('\n\n').replace(/\n{3,}/g, '\n\n')}\n` }
}

function groupByApi(operations) {
  const groups = new Map()
  for (const operation of operations) groups.set(operation.api, [...(groups.get(operation.api) ?? []), operation])
  return groups
}

function title(api) {
  const words = api.replaceAll('-', ' ')
  return words[0].toUpperCase() + words.slice(1)
}

function anchor(api) {
  return title(api).toLowerCase().replaceAll(' ', '-')
}

function entry(operation) {
  const { name, credential, query, parameters, body, sources, confidence } = operation
  const lines = [
    deprecation(operation),
    credential === 'either' ? undefined : `Credential: ${CREDENTIALS[credential]}`,
    scopes(operation),
    parameters.length > 0 ? `Path: ${parameters.map(one => `**\`${one}\`**`).join(', ')}` : undefined,
    query.length > 0 ? `Query: ${query.map(parameter).join(', ')}` : undefined,
    body && `Body: ${MEDIA_TYPES[body.mediaType]}${body.type ? `, \`${writeType(body.type)}\`` : ''}`,
    answer(operation),
    pages(operation),
    limit(operation),
    `Source: ${sources.join(', ')}; confidence ${confidence}`,
  ]
  const list = lines.filter(line => line !== undefined).map(line => `- ${line}`)
  return `### \`${name}\`\n\n${list.join('\n')}`
}

function deprecation({ deprecated, successor }) {
  if (!deprecated) return undefined
  return successor === undefined ? 'Deprecated' : `Deprecated: use \`${successor}\``
}

function scopes({ scopes }) {
  if (scopes === undefined) return undefined
  const requirements = scopes.map(alternatives => alternatives.map(scope => `\`${scope}\``).join(' or '))
  return `Scopes: ${requirements.join(', and ')}`
}

function parameter({ name, required, type }) {
  const written = type.kind === 'plain' && type.name === 'string' ? '' : ` (${described(type)})`
  return `${required ? `**\`${name}\`**` : `\`${name}\``}${written}`
}

function described(type) {
  if (type.kind === 'list') return `list of ${described(type.of)}`
  if (type.kind === 'values') return type.values.map(value => `\`${value}\``).join(', ')
  return type.kind === 'schema' ? `\`${type.name}\`` : writeType(type)
}

function answer({ statuses, response }) {
  if (response.unknown) return undefined
  const what = response.type ? `\`${writeType(response.type)}\`` : (FILES[response.file] ?? 'no body')
  return `Answer: ${statuses ? `${statuses.join(' or ')}, ` : ''}${what}`
}

function pages({ pages }) {
  if (pages === undefined || pages.style === 'whole') return pages && 'Pages: the whole list in one answer'
  const size = pages.size ? `, size in \`${pages.size}\`` : ''
  const sort = pages.sort ? `, sorted by \`${pages.sort}\`` : ''
  const how = {
    cursor: `the id of the next page in \`${pages.parameter}\``,
    offset: 'the number of items before the page in `offset`',
    number: `the number of the page, from 0, in \`${pages.parameter}\``,
  }
  return `Pages: ${how[pages.style]}${size}${sort}`
}

function limit({ limit: { perSecond, concurrent } }) {
  if (perSecond !== undefined) return `Limit: ${perSecond} requests per second`
  return concurrent === undefined ? undefined : `Limit: ${concurrent} request at once`
}
