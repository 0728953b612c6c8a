// The addon that is built beside this file, as `index.d.ts` describes it: for tests and programs of a checkout. It is not
// in the package, which loads the addon by `lib/native.ts`.

const { readdirSync } = require('node:fs')

module.exports = require(`./${readdirSync(__dirname).find(file => file.endsWith('.node'))}`)
