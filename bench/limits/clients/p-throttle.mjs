import { throttled } from './throttled.mjs'

export const setup = context => throttled(context)
