// Renews grants twice, connects customers, calls with all kinds of credentials, closes its clients and waits. The secrets that come from JavaScript are text of two bytes per
// character in V8's heap, so that text of one byte per character is certain to be a copy of the addon's.

import { ApiKey, ClientCredentials, OAuthApp, PartnerApp, SmartRecruiters, SqliteStore } from 'smartrecruiters'

const { baseUrl, ca, folder, secrets, imported, customers } = JSON.parse(process.argv[2])

/** Decodes UTF-16. The first character needs two bytes, and what is cut off behind it shares the memory. */
const twoBytes = base64 => Buffer.from(base64, 'base64').toString('utf16le').slice(1)

/** A busy machine may be slow. */
const network = { baseUrl, ca, connectTimeout: 60_000 }
/** What is not to be collected before it is asked for. */
const held = []

async function renew() {
  const app = new OAuthApp({
    clientId: 'client',
    clientSecret: twoBytes(secrets.clientSecret),
    encryptionKey: twoBytes(secrets.encryptionKey),
    redirectUri: 'http://localhost/callback',
    ...network,
    store: new SqliteStore({ path: `${folder}/grants.sqlite` }),
  })
  const sr = new SmartRecruiters({ credential: app.grant('0'), ...network })
  for (const [id, token] of imported.entries()) await app.import({ id: String(id), refreshToken: twoBytes(token) })
  for (let time = 0; time < 2; time++) {
    const { renewed } = await app.keepAlive({ idle: 0, perSecond: 1000 })
    if (renewed !== imported.length) throw new Error(`renewed ${renewed} grants`)
  }
  // Calls use access tokens as well.
  const clients = imported.map((_, id) => sr.withCredential(app.grant(String(id))))
  await Promise.all(clients.map(client => client.get('/jobs')))
  await Promise.all([sr, ...clients].map(client => client.close()))
  held.push(app, sr, clients)
}

async function connect() {
  const partner = new PartnerApp({
    clientId: 'client',
    clientSecret: twoBytes(secrets.partnerSecret),
    encryptionKey: twoBytes(secrets.encryptionKey),
    ...network,
    store: new SqliteStore({ path: `${folder}/customers.sqlite` }),
    limits: false,
  })
  const credentials = [
    new ApiKey(twoBytes(secrets.apiKey)),
    new ClientCredentials({ clientId: 'client', clientSecret: twoBytes(secrets.clientSecret), clientAuth: 'basic' }),
  ]
  for (let number = 0; number < customers; number++) credentials.push(await partner.connect(`company-${number}`))
  const clients = credentials.map(credential => new SmartRecruiters({ credential, ...network }))
  await Promise.all(clients.map(client => client.get('/jobs')))
  await Promise.all(clients.map(client => client.close()))
  held.push(partner, credentials, clients)
}

await renew()
await connect()
process.send('closed')
process.on('message', async () => {
  held.length = 0
  for (let time = 0; time < 5; time++) {
    globalThis.gc()
    await new Promise(resolve => setImmediate(resolve))
  }
  process.send('collected')
})
