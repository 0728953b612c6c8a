// Exports the candidates of all customers, a file for each. After a kill, run it again: it continues where it was.
import { appendFileSync, existsSync, readFileSync, renameSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { PartnerApp, SmartRecruiters, SqliteStore } from 'smartrecruiters'

const { SMARTRECRUITERS_PARTNER_CLIENT_ID: clientId, SMARTRECRUITERS_PARTNER_CLIENT_SECRET: clientSecret } = process.env
const { GRANTS_FILE: path, GRANTS_KEY: encryptionKey, EXPORT_FOLDER: folder } = process.env
const partner = new PartnerApp({ clientId, clientSecret, store: new SqliteStore({ path }), encryptionKey })

async function exportList(sr, list, name) {
  const [output, place] = ['ndjson', 'place'].map(type => `${folder}/${encodeURIComponent(name)}.${type}`)
  const { cursor, bytes } = existsSync(place) ? JSON.parse(readFileSync(place, 'utf8')) : { cursor: null, bytes: 0 }
  appendFileSync(output, '') // makes the file, if there is none
  if (statSync(output).size < bytes) throw new Error(`${output} has lost items; remove it and ${place} to begin anew`)
  truncateSync(output, bytes) // removes what was written after the last place
  for await (const page of sr.paginate(list, { from: cursor }).pages()) {
    appendFileSync(output, page.items.map(item => `${JSON.stringify(item)}\n`).join(''))
    writeFileSync(`${place}.new`, JSON.stringify({ cursor: page.cursor, bytes: statSync(output).size }))
    renameSync(`${place}.new`, place) // a kill leaves the old place or the new one, and never a part
  }
}
const customers = partner.customers() // each customer reaches one of the loops below
async function work() {
  for await (const { companyId, state } of customers) {
    if (state !== 'connected') continue
    const sr = new SmartRecruiters({ credential: partner.customer(companyId) })
    await exportList(sr, '/candidates', companyId).catch(error => console.error(`${companyId}: ${error.message}`))
    await sr.close()
  }
}
await Promise.all([work(), work(), work(), work()]) // four customers at a time
