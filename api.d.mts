export * from './dist/api.js'
