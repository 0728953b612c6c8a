// The same as under CommonJS. Only `startBridge` needs the main entry, when it is called.

import { createRequire } from 'node:module'

export const { checkStore, startBridge } = createRequire(import.meta.url)('./dist/testing.js')
