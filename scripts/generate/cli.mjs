// Makes the table of the command line: what completion offers, and what is said of scopes.

/** Returns the text of the generated file by its path. */
export function cli({ operations }) {
  const entries = operations.map(({ name, scopes }) => {
    const needed = (scopes ?? []).map(alternatives => alternatives.join('|')).join(' ')
    const line = `  '${name}': '${needed}',`
    return `${line.length <= 120 ? line : line.replace(': ', ':\n    ')}\n`
  })
  return {
    'packages/cli/src/operations.ts': `// Generated from \`api/\` by \`npm run generate\`. Do not edit.

import type { OperationName } from 'smartrecruiters/api'

/** The scopes of each operation: all that spaces separate, one of those that \`|\` separates. Empty: not known. */
export const OPERATIONS: Readonly<Record<OperationName, string>> = {
${entries.join('')}}
`,
  }
}
