import { PER_SECOND } from '../scenarios.mjs'
import { limitedBy } from './limiters.mjs'

export const setup = context => limitedBy(context, { minTime: 1000 / PER_SECOND })
