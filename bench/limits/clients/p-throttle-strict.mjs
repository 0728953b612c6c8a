import { throttled } from './throttled.mjs'

export const setup = context => throttled(context, { strict: true })
