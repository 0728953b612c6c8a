// Customers activate a partner's integration, and their jobs are read: at once, and again at every start.
import { createServer } from 'node:http'
import { PartnerApp, SmartRecruiters, SqliteStore } from 'smartrecruiters'
import { partnerHandler, toNodeHandler } from 'smartrecruiters/web'

const partner = new PartnerApp({
  clientId: process.env.SMARTRECRUITERS_PARTNER_CLIENT_ID, // of the master credential
  clientSecret: process.env.SMARTRECRUITERS_PARTNER_CLIENT_SECRET,
  store: new SqliteStore({ path: process.env.GRANTS_FILE }),
  encryptionKey: process.env.GRANTS_KEY,
})

async function sync(customer) {
  const sr = new SmartRecruiters({ credential: customer })
  const jobs = await sr.paginate('/jobs').toArray({ limit: 1000 })
  console.log(`${customer.companyId}: ${jobs.length} jobs`)
  await sr.close()
}

const activation = partnerHandler(partner, {
  path: '/activate', // of the consentUrl
  onConnected: customer => void sync(customer).catch(console.error),
  onError: error => console.error(error),
})
createServer(toNodeHandler(activation)).listen(process.env.PORT, () => console.log('listening'))

for await (const { companyId, state } of partner.customers()) {
  if (state === 'connected') await sync(partner.customer(companyId))
}
