/** Tables for people, and long lists for programs. */

/** How many items are written at once. */
const PAGE = 100

/** Returns rows under their headings, each column as wide as it needs to be. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const shown = [headings.map(heading => heading.toUpperCase()), ...rows.map(row => row.map(printable))]
  const widths = headings.map((_, column) => Math.max(...shown.map(row => (row[column] ?? '').length)))
  const lines = shown.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n`
}

/** Without what would move the cursor or colour the terminal: the text may come from a stranger. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd')
}

/** Gathers items into pages, so that a long list is written as it is read. */
export async function* inPages<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item[]> {
  let page: Item[] = []
  for await (const item of items) {
    page.push(item)
    if (page.length < PAGE) continue
    yield page
    page = []
  }
  yield page
}
