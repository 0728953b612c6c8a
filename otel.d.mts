/// <reference types="node" />
export * from './dist/otel.js'
