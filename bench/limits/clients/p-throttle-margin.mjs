import { throttled } from './throttled.mjs'

/** What a user comes to who looks at the answers: no documentation tells of a margin, or how much is enough. */
export const setup = context => throttled(context, { strict: true, interval: 1100 })
