import { undiciClient } from './support.mjs'

export const setup = context => undiciClient(context)
