/** All clients: what they are called, and where they come from. In the order of the tables. */

/**
 * `package` is the npm package to name the version of; `optional` ones are left out where they are not installed.
 * `streams` are those that hand a body over piece by piece, `uploads` those that take one so, `lists` those that are
 * measured with lists. `native` ones are programs, not modules of this folder.
 */
export const CLIENTS = [
  { id: 'smartrecruiters', title: 'smartrecruiters (API key)', streams: true, uploads: true, lists: true },
  { id: 'smartrecruiters-bearer', title: 'smartrecruiters (bearer token)' },
  { id: 'smartrecruiters-credentials', title: 'smartrecruiters (client credentials)' },
  { id: 'smartrecruiters-fetch', title: 'smartrecruiters sr.fetch', streams: true, uploads: true },
  { id: 'undici-dispatch', title: 'undici dispatch', package: 'undici', streams: true },
  { id: 'undici-pool', title: 'undici Pool.request', package: 'undici', streams: true },
  { id: 'undici-request', title: 'undici.request', package: 'undici', streams: true, uploads: true, lists: true },
  { id: 'undici-fetch', title: 'undici.fetch', package: 'undici', streams: true, uploads: true },
  { id: 'fetch', title: 'global fetch', streams: true, uploads: true },
  { id: 'axios', title: 'axios', package: 'axios', streams: true, uploads: true },
  { id: 'axios-interceptor', title: 'axios, token interceptor', package: 'axios' },
  { id: 'got', title: 'got', package: 'got', streams: true, uploads: true },
  { id: 'ky', title: 'ky', package: 'ky', streams: true },
  { id: 'google-auth-library', title: 'google-auth-library', package: 'google-auth-library', streams: true },
  { id: 'openid-client', title: 'openid-client', package: 'openid-client', streams: true },
  { id: 'wreq-js', title: 'wreq-js', package: 'wreq-js', optional: true, streams: true, uploads: true },
  { id: 'impit', title: 'impit', package: 'impit', optional: true, streams: true },
  { id: 'limit-core', title: 'this crate without Node', native: true, streams: true },
  { id: 'limit-hyper', title: 'hyper without Node', native: true, streams: true },
]

/**
 * What each module of this folder exports.
 *
 * @typedef {object} Context
 * @property {string} baseUrl the server's root, without a slash at its end
 * @property {string} path what to ask for
 * @property {number} inFlight how many requests will be in flight
 * @property {string} [ca] the certificate to trust, in PEM; Node itself trusts it already
 *
 * @typedef {object} Client
 * @property {() => Promise<unknown>} request sends a GET, checks the status, and resolves with the parsed JSON
 * @property {() => Promise<number>} [download] the same with a streamed body; resolves with its length
 * @property {(length: number) => Promise<number>} [upload] streams a body; resolves with the length that the server got
 * @property {() => Promise<number>} [list] reads a list item by item; resolves with their number
 * @property {() => unknown} close closes the connections, where the client can
 *
 * @typedef {(context: Context) => Promise<Client>} Setup exported as `setup`
 */
