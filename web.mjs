// The same as under CommonJS, on the main entry of CommonJS: both module systems share one instance of each class. See
// `index.mjs` for the file in between.

import { instance } from './web-instance.cjs'

export const { fastifyPlugin, loginHandler, partnerHandler, toNodeHandler, WebhookError, Webhooks } = instance
