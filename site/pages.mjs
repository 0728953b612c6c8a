/** What is on the site, and in which order. A page that does not exist (yet) is left out. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** Where the build puts the pages that `api.mjs` makes. */
export const API = 'site/.api'

/** The sections of the site, from top to bottom. Paths are relative to the repository. */
const SECTIONS = [
  { title: 'Start', pages: ['docs/index.md', 'docs/start.md', 'docs/choosing.md'] },
  {
    title: 'Guides',
    pages: [
      'docs/login.md',
      'docs/partners.md',
      'docs/webhooks.md',
      'docs/guides/exports.md',
      'docs/guides/files.md',
      'docs/guides/fleet.md',
      'docs/guides/serverless.md',
      'docs/testing.md',
      'docs/telemetry.md',
      'docs/moving.md',
    ],
  },
  {
    title: 'Concepts',
    pages: [
      'docs/concepts/tokens.md',
      'docs/concepts/once.md',
      'docs/limits.md',
      'docs/concepts/retries.md',
      'docs/stores.md',
      'docs/security.md',
    ],
  },
  {
    title: 'Reference',
    pages: [
      'docs/calls.md',
      'docs/lists.md',
      'docs/credentials.md',
      'docs/grants.md',
      'docs/redis.md',
      'docs/own-stores.md',
      'docs/http.md',
      'docs/tls.md',
      'docs/cli.md',
      'packages/sandbox/README.md',
    ],
    groups: [
      { title: 'Errors', page: 'docs/errors.md', folder: 'docs/errors', collapsed: true },
      { title: 'API', page: `${API}/index.md`, folder: API, collapsed: true },
    ],
    after: ['docs/reference.md'],
  },
  {
    title: 'About',
    pages: [
      'docs/compatibility.md',
      'docs/performance.md',
      'docs/reliability.md',
      'docs/guarantees.md',
      'CHANGELOG.md',
      'SECURITY.md',
      'CONTRIBUTING.md',
      'ARCHITECTURE.md',
    ],
    groups: [
      {
        title: 'Measurements',
        pages: [
          'bench/README.md',
          'bench/RESULTS.md',
          'bench/limits/RESULTS.md',
          'bench/PROFILES.md',
          'torture/README.md',
          'api/README.md',
        ],
        collapsed: true,
      },
      { title: 'Examples', folder: 'examples', collapsed: true },
    ],
  },
]

/** Pages of the docs that are looked up, or read before the first line of code: they are left out of `llms-full.txt`. */
const LOOKED_UP = /^docs\/(errors\/|(reference|cli|compatibility|performance|reliability|guarantees)\.md)/

/** Whether the text of a page belongs in `llms-full.txt`. */
export const isRead = file => file.startsWith('docs/') && !LOOKED_UP.test(file)

/**
 * The place of a file on the site, without its ending: `docs/` is the root. The files beside it have a folder of their
 * own, since `SECURITY.md` and `docs/security.md` would be one file on some systems.
 */
export function placeOf(file) {
  if (file === 'packages/sandbox/README.md') return 'sandbox'
  if (file.startsWith(API)) return file.slice('site/.'.length, -'.md'.length)
  const [, path = file.startsWith('examples/') ? file : `project/${file.toLowerCase()}`] =
    /^docs\/(.*)/.exec(file) ?? []
  return path.replace(/\.\w+$/, '').replace(/(^|\/)readme$/, '$1index')
}

/** The address of a file on the site, as links have it. */
export const address = file => `/${placeOf(file).replace(/(^|\/)index$/, '$1')}`

const exists = file => existsSync(`${root}/${file}`)
const byName = (a, b) => basename(a).localeCompare(basename(b))

/** The files of a folder and of the folders in it, by name. Those of the API are in a folder for each kind. */
function inside(folder) {
  if (!exists(folder)) return []
  const names = readdirSync(`${root}/${folder}`, { recursive: true }).map(
    name => `${folder}/${name.replaceAll('\\', '/')}`,
  )
  return names.filter(file => /\.(md|mjs)$/.test(file)).sort(byName)
}

/**
 * The sections with the pages that exist: `{ title, items }`, where an item is `{ file }`, or a group `{ title, file,
 * items, collapsed }`.
 */
export function sections() {
  const items = files => files.filter(exists).map(file => ({ file }))
  return SECTIONS.map(({ title, pages, groups = [], after = [] }) => ({
    title,
    items: [
      ...items(pages),
      ...groups
        .map(({ folder, page, pages: listed = inside(folder), ...group }) => ({
          ...group,
          ...(page !== undefined && exists(page) && { file: page }),
          items: items(listed.filter(file => file !== page)),
        }))
        .filter(group => group.file !== undefined || group.items.length > 0),
      ...items(after),
    ],
  }))
}

/** All files of the site, in the order of its navigation. */
export function files() {
  const flat = items => items.flatMap(({ file, items: inner = [] }) => [...(file ? [file] : []), ...flat(inner)])
  return sections().flatMap(({ items }) => flat(items))
}

/** The first heading of a page. */
export const titleOf = text =>
  /^# (.*)$/m
    .exec(text)[1]
    .replaceAll('`', '')
    .replace(/\\?<.*/, '')

/** The text of a file of the repository. */
export const read = file => readFileSync(`${root}/${file}`, 'utf8')
