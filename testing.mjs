// The same as under CommonJS. Only `startBridge` needs the main entry, when it is called.

export { checkStore, startBridge } from './dist/testing.js'
