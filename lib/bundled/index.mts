/** What bundlers take for every entry of the package, so that a bundle has one instance of each class. */

export * from '../index.js'
export * from '../web/index.js'
