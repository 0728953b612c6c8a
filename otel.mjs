// The same as under CommonJS. It needs `@opentelemetry/api`, and the main entry only for its types.

export { recordMetrics, undiciHooks } from './dist/otel.js'
