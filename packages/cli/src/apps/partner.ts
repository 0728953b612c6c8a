/** The partner's app whose customers the command line works on. */

import type { PartnerApp } from 'smartrecruiters'
import type { Context } from '../context.js'
import { smartrecruiters } from '../package.js'
import { keysOf, registrationOf, storeOf } from './store.js'

/** Makes the app. */
export function partnerOf(context: Context): PartnerApp {
  const { PartnerApp } = smartrecruiters()
  return new PartnerApp({
    ...context.api,
    ...registrationOf(context, 'SMARTRECRUITERS_PARTNER'),
    store: storeOf(context),
    encryptionKey: keysOf(context),
  })
}
