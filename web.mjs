// The same as under CommonJS, on the main entry of CommonJS: both module systems share one instance of each class.

import { createRequire } from 'node:module'

export const { fastifyPlugin, loginHandler, partnerHandler, toNodeHandler, WebhookError, Webhooks } = createRequire(
  import.meta.url,
)('./dist/web/index.js')
