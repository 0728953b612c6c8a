/// <reference types="node" />
export * from './dist/web/index.js'
