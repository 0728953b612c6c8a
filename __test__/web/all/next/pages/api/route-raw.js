import before from './before.js'

export const config = { api: { bodyParser: false } }

export default before
