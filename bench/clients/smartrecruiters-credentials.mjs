import * as entry from '../../index.mjs'
import { ours } from './ours.mjs'

const credential = () => new entry.ClientCredentials({ clientId: 'benchmark', clientSecret: 'secret' })

export const setup = context => ours(context, entry, credential())
