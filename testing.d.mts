/// <reference types="node" />
export * from './dist/testing.js'
