// The tables of `docs/compatibility.md`, which the gate writes from its results.

import { join } from 'node:path'
import { root } from '../setup.mjs'

export const PAGE = join(root, 'docs', 'compatibility.md')

/** Returns the page with the tables of these results in place of its own. */
export function render(page, rows) {
  return page.replace(
    /(<!-- results: (\w+) -->).*?(<!-- \/results -->)/gs,
    (_, start, section, end) => `${start}\n${table(rows.filter(row => row.section === section))}\n${end}`,
  )
}

function table(rows) {
  const columns = Object.keys(rows[0].columns)
  const cells = [
    ['', 'version', ...columns],
    ...rows.map(({ name, version, columns: results }) => [
      name,
      version,
      ...columns.map(column => (results[column] === true ? 'yes' : 'no')),
    ]),
  ]
  const widths = cells[0].map((_, column) => Math.max(...cells.map(row => row[column].length)))
  const lines = cells.map(row => `| ${row.map((text, column) => text.padEnd(widths[column])).join(' | ')} |`)
  const [head, ...rest] = lines
  return [head, `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`, ...rest].join('\n')
}
