import { ClientCredentials } from '../../index.mjs'
import { ours } from './ours.mjs'

export const setup = context => ours(context, new ClientCredentials({ clientId: 'benchmark', clientSecret: 'secret' }))
