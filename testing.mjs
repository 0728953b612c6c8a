// The same as under CommonJS; it needs nothing of the main entry.

import { createRequire } from 'node:module'

export const { checkStore } = createRequire(import.meta.url)('./dist/testing.js')
