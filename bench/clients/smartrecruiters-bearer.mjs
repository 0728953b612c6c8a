import { BearerToken } from '../../index.mjs'
import { ours } from './ours.mjs'
import { TOKEN } from './support.mjs'

export const setup = context => ours(context, new BearerToken(TOKEN))
