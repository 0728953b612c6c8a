/// <reference types="node" />
export * from './dist/index.js'
