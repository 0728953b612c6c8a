// Writes the types of webhook events, `lib/webhooks/payloads.ts`, and their links, `packages/sandbox/src/webhooks/links.ts`.

const HEAD = `/** The payloads of webhook events. Generated from api/ by \`npm run generate\`. Do not edit. */

`

const LINKS_HEAD = `// Generated from \`api/\` by \`npm run generate\`. Do not edit.

/** Where the API serves what an event is about, by the event's name. \`{…}\` are ids. */
export const LINKS: Readonly<Record<string, string>> = {
`

/** Returns the texts of the files by their paths. */
export function events({ events: all }) {
  const entries = all.map(({ name, fields }) => {
    const shape = fields.map(field => `${field}: string`).join('; ')
    const line = `  '${name}': { ${shape} }`
    // As the formatter has it.
    return line.length <= 120 ? line : `  '${name}': {\n${fields.map(field => `    ${field}: string\n`).join('')}  }`
  })
  return {
    'lib/webhooks/payloads.ts': `${HEAD}/** What each event of SmartRecruiters says: the ids of what it is about, by the event's name. */
export interface WebhookPayloads {
${entries.join('\n')}
}
`,
    'packages/sandbox/src/webhooks/links.ts': `${LINKS_HEAD}${all
      .filter(({ link }) => link !== undefined)
      .map(({ name, link }) => `  '${name}': '${link}',`)
      // As the formatter has it.
      .map(line => `${line.length <= 120 ? line : line.replace(': ', ':\n    ')}\n`)
      .join('')}}
`,
  }
}
