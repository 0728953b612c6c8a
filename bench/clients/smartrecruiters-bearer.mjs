import * as entry from '../../index.mjs'
import { ours } from './ours.mjs'
import { TOKEN } from './support.mjs'

export const setup = context => ours(context, entry, new entry.BearerToken(TOKEN))
