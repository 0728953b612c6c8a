export { startSandbox } from './dist/index.js'
