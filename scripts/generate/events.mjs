// Writes the types of webhook events, `lib/webhooks/payloads.ts`.

const HEAD = `/** The payloads of webhook events. Generated from api/ by \`npm run generate\`. Do not edit. */

`

/** Returns the text of the file by its path. */
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
  }
}
