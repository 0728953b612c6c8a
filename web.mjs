// The same as under CommonJS, on the main entry of CommonJS: both module systems share one instance of each class. See
// `index.mjs` for how it is loaded.

import * as module from 'node:module'

// Tracers of files know this form.
const load = module.createRequire(import.meta.url)
const isFollowed = typeof require === 'function' && require !== globalThis.require
const instance = isFollowed ? require('./dist/web/index.js') : load('./dist/web/index.js')

export const { fastifyPlugin, loginHandler, partnerHandler, toNodeHandler, WebhookError, Webhooks } = instance
