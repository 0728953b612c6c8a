// One process of a fleet that shares the access tokens of client credentials.

import { ClientCredentials, SmartRecruiters } from 'smartrecruiters'
import { serveParent } from '../support/fleet.mjs'
import { ENCRYPTION_KEY, openStore } from '../support/stores.mjs'

const { place, client, baseUrl } = JSON.parse(process.argv[2])
const credential = new ClientCredentials({ ...client, store: openStore(place), encryptionKey: ENCRYPTION_KEY })
const sr = new SmartRecruiters({ credential, baseUrl })

serveParent({
  /** Answered, or the error's code. */
  call: () =>
    sr.get('/payload/20').then(
      () => 'answered',
      error => error.code,
    ),
})
