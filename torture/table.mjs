/** Rows of figures as text, a column for each name that a row has. */
export function table(rows) {
  const names = [...new Set(rows.flatMap(Object.keys))]
  const lines = [names, ...rows.map(row => names.map(name => String(row[name] ?? '')))]
  const widths = names.map((_, column) => Math.max(...lines.map(line => line[column].length)))
  return lines
    .map(line =>
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
