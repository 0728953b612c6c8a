// The Markdown of the repository: every link to a file or a heading leads there, and no row of a table is an inventory.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import { before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Path → the text of each file of Markdown; and all files. */
const pages = new Map()
let files

before(async () => {
  const { stdout } = await promisify(execFile)('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  })
  files = new Set(stdout.split('\n'))
  for (const file of files) {
    if (file.endsWith('.md')) pages.set(file, await readFile(`${root}/${file}`, 'utf8'))
  }
})

/** The anchors of a page, as GitHub makes them of its headings. */
function anchors(text) {
  const prose = text.replaceAll(/^```.*?^```$/gms, '')
  return [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** The links of a page to other files of the repository, or to a heading: as written, target, and anchor. */
function links(page) {
  const written = [...pages.get(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link)
  return written
    .filter(link => !/^[a-z]+:/.test(link))
    .map(link => {
      const [path, anchor] = link.split('#')
      return { link, target: path === '' ? page : posix.join(posix.dirname(page), path), anchor }
    })
}

test('every link within the repository leads somewhere', () => {
  const all = [...pages.keys()].flatMap(page => links(page).map(link => ({ page, ...link })))
  assert.ok(all.length > 50, 'no links were found')
  const exists = target => files.has(target) || [...files].some(file => file.startsWith(`${target}/`))
  const broken = all.filter(({ target, anchor }) => {
    return !exists(target) || (anchor !== undefined && !anchors(pages.get(target) ?? '').includes(anchor))
  })
  assert.deepEqual(
    broken.map(({ page, link }) => `${page}: ${link}`),
    [],
  )
})

test('the README links to every page of the docs that is not in a folder of its own', () => {
  const docs = [...pages.keys()].filter(page => /^docs\/[^/]+$/.test(page))
  assert.ok(docs.length > 10, 'no pages were found')
  const linked = new Set(links('README.md').map(({ target }) => target))
  assert.deepEqual(
    docs.filter(page => !linked.has(page)),
    [],
  )
})

test('a row of a table in ARCHITECTURE.md is no longer than a line', () => {
  const rows = pages.get('ARCHITECTURE.md').match(/^\|.*$/gm)
  assert.ok(rows.length > 10)
  assert.deepEqual(
    rows.filter(row => row.length > 120),
    [],
  )
})
