// Not `module.exports = require(…)`, which Node would follow in search of names.
exports.instance = require('./dist/web/index.js')
