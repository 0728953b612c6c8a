/**
 * Builds the site into `site/dist`, from the Markdown of this repository alone. The pages are laid out in `site/.pages`
 * first, with links that lead from page to page: on the site, `docs/` is the root, and an example is a page.
 */

import { spawn } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { writeApi } from './api.mjs'
import { files, isRead, placeOf, read, root, sections, titleOf } from './pages.mjs'

export const site = fileURLToPath(new URL('.', import.meta.url))
export const PAGES = join(site, '.pages')
export const OUTPUT = join(site, 'dist')
/** The longest `llms-full.txt` that fits a conversation beside the work itself. */
const FULL_TEXT = 200_000
export const DESCRIPTION = 'Authenticated access to the SmartRecruiters API for Node.js.'
/** A link or a picture outside of blocks of code. */
const LINK = /(!?)\[((?:[^\]\n]|\n(?!\n))*)\]\(([^)\s]+)\)/g

/** Lays the pages out; returns their files. */
export function layOut() {
  rmSync(PAGES, { recursive: true, force: true })
  const all = files()
  for (const file of all) write(file, file.endsWith('.md') ? read(file) : program(file), new Set(all))
  return all
}

/** A program as a page. */
function program(file) {
  return `# ${posix.basename(file)}\n\n\`\`\`js\n${read(file)}\`\`\`\n`
}

function write(file, text, all) {
  const to = join(PAGES, `${placeOf(file)}.md`)
  mkdirSync(dirname(to), { recursive: true })
  writeFileSync(to, linked(file, text, all))
}

/** The text of a page with links that are right on the site. A link that leads to no page of it is an error. */
function linked(file, text, all) {
  const from = posix.dirname(placeOf(file))
  const link = (whole, picture, label, to) => {
    if (/^([a-z]+:|#)/.test(to)) return whole
    const [path, anchor] = to.split('#')
    const target = posix.join(posix.dirname(file), path)
    // The repository's front page is for who finds it there; the site has one of its own.
    const places = [target === 'README.md' ? 'docs/index.md' : target, `${target}/README.md`, `${target}/index.md`]
    const found = places.find(name => all.has(name))
    if (found !== undefined) return `[${label}](${relative(from, `${placeOf(found)}.md`)}${anchor ? `#${anchor}` : ''})`
    if (!existsSync(join(root, target))) throw new Error(`${file}: the link to ${to} leads nowhere`)
    if (/\.(svg|png)$/.test(target)) {
      const place = target.replace(/^docs\//, '')
      mkdirSync(dirname(join(PAGES, place)), { recursive: true })
      copyFileSync(join(root, target), join(PAGES, place))
      return `${picture}[${label}](${relative(from, place)})`
    }
    // A file to download, such as a dashboard. `public` is what the builder copies to the root of the site as it is.
    if (/^docs\/[^/]+\.json$/.test(target)) {
      const name = posix.basename(target)
      mkdirSync(join(PAGES, 'public'), { recursive: true })
      copyFileSync(join(root, target), join(PAGES, 'public', name))
      // A link of Markdown would lead to a page, `/NAME.html`.
      return `<a href="/${name}" download>${label}</a>`
    }
    // A file or folder of the source, which is not on the site.
    if (!target.endsWith('.md')) return label
    throw new Error(`${file}: ${to} is not a page of the site; add it to site/pages.mjs`)
  }
  // Odd parts are blocks of code.
  const parts = text.split(/(^```.*?^```$)/ms)
  return parts.map((part, index) => (index % 2 ? part : part.replace(LINK, link))).join('')
}

function relative(from, to) {
  const path = posix.relative(from, to)
  return path.startsWith('.') ? path : `./${path}`
}

/** The text of a page as it was laid out. */
export const laidOut = file => readFileSync(join(PAGES, `${placeOf(file)}.md`), 'utf8')

/** The list of all pages, as llmstxt.org describes it. */
function index() {
  const lines = (items, indent = '') =>
    items.flatMap(({ file, title, items: inner = [] }) => [
      file === undefined
        ? `${indent}- ${title}`
        : `${indent}- [${titleOf(laidOut(file))}](/${placeOf(file)}.md)${about(file)}`,
      ...lines(inner, `${indent}  `),
    ])
  const parts = sections().map(({ title, items }) => `## ${title}\n\n${lines(items).join('\n')}\n`)
  return `# smartrecruiters\n\n> ${DESCRIPTION}\n\n${parts.join('\n')}`
}

/** The first sentence of a page. */
function about(file) {
  const [, paragraph = ''] = /^# .*\n+((?:[\p{L}[`*].*\n)+)/mu.exec(laidOut(file)) ?? []
  const [sentence] = paragraph
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\s+/g, ' ')
    .split(/(?<=[.:]) (?=[A-Z`])/)
  return sentence === '' ? '' : `: ${sentence.trim()}`
}

/** What agents read at once: the pages that explain, each after its address. */
function fullText() {
  const texts = files()
    .filter(isRead)
    .map(file => `<!-- /${placeOf(file)}.md -->\n\n${laidOut(file).trim()}\n`)
  return `${texts.join('\n')}\nThe pages that are looked up, such as the operations of the API, are not here: /llms.txt lists them.\n`
}

/** Gives the two columns beside a page names: without them, they are the same landmark twice. */
function withLandmarks(html) {
  return html
    .replace('<aside class="rp-doc-layout__sidebar ', '<aside aria-label="Pages" class="rp-doc-layout__sidebar ')
    .replace('<aside class="rp-doc-layout__outline ', '<aside aria-label="On this page" class="rp-doc-layout__outline ')
}

function rspress(...args) {
  const manifest = fileURLToPath(import.meta.resolve('@rspress/core/package.json'))
  const program = join(dirname(manifest), 'bin/rspress.js')
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { cwd: site, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', data => {
        said += data
        process.stdout.write(data)
      })
    }
    child.on('error', reject)
    child.on('close', code => (code === 0 ? resolve(said) : reject(new Error(`rspress failed with exit code ${code}`))))
  })
}

/** Builds the site. A warning is an error. */
export async function build() {
  await writeApi()
  const all = layOut()
  rmSync(OUTPUT, { recursive: true, force: true })
  const said = await rspress('build')
  const warnings = said.split('\n').filter(line => /\bwarn(ing)?\b/i.test(line))
  if (warnings.length > 0) throw new Error(`the site was built with warnings:\n${warnings.join('\n')}`)
  for (const file of all) {
    const page = join(OUTPUT, `${placeOf(file)}.html`)
    writeFileSync(page, withLandmarks(readFileSync(page, 'utf8')))
  }
  // Each page as Markdown too, beside its HTML.
  cpSync(PAGES, OUTPUT, { recursive: true })
  writeFileSync(join(OUTPUT, 'llms.txt'), index())
  const text = fullText()
  const size = Buffer.byteLength(text)
  if (size > FULL_TEXT)
    throw new Error(`llms-full.txt would have ${size} bytes, more than ${FULL_TEXT}: leave a page out`)
  writeFileSync(join(OUTPUT, 'llms-full.txt'), text)
  return all
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const all = await build()
  console.log(`${all.length} pages are in ${OUTPUT}; npm run docs:preview shows them`)
}
