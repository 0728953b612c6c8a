/** All clients: what they are called, where they come from, and how they are set. */

/**
 * `packages` are npm packages to name the versions of. `settings` is for the results: what their documentation has a user
 * write for ten requests a second and endpoint, eight at once and one for `GET /candidates`.
 */
export const CLIENTS = [
  {
    id: 'smartrecruiters',
    title: 'smartrecruiters',
    packages: [],
    settings: 'the defaults; `sr.get(path)` for all at once',
  },
  {
    id: 'bottleneck',
    title: 'bottleneck, minTime',
    packages: ['bottleneck', 'undici'],
    settings:
      'for each endpoint `minTime: 100`, chained to one with `maxConcurrent: 8`; `maxConcurrent: 1` for `GET /candidates`; after a 429 `failed` gives 1000 ms, 10 times; undici `Pool`',
  },
  {
    id: 'bottleneck-reservoir',
    title: 'bottleneck, reservoir',
    packages: ['bottleneck', 'undici'],
    settings:
      'the same with `reservoir: 10, reservoirRefreshAmount: 10, reservoirRefreshInterval: 1000` in place of `minTime`',
  },
  {
    id: 'octokit',
    title: "octokit's throttling, with bottleneck",
    packages: ['bottleneck', 'undici'],
    settings:
      'the structure of `@octokit/plugin-throttling`, which itself knows only the rules of GitHub: a limiter for retries, a group with `minTime: 100` for the rate, a group with `maxConcurrent: 8`; a 429 goes through both again 2000 ms later (the window, and a second as there), 10 times; undici `Pool`',
  },
  {
    id: 'p-throttle',
    title: 'p-throttle + p-limit',
    packages: ['p-throttle', 'p-limit', 'undici'],
    settings:
      'for each endpoint `{ limit: 10, interval: 1000 }`, then `pLimit(1)` for `GET /candidates` and `pLimit(7)` for the rest; undici `Pool` with `interceptors.retry`: every second, 10 times',
  },
  {
    id: 'p-throttle-strict',
    title: 'p-throttle strict + p-limit',
    packages: ['p-throttle', 'p-limit', 'undici'],
    settings: 'the same with `strict: true`',
  },
  {
    id: 'p-throttle-margin',
    title: 'p-throttle strict, 10 % slower',
    packages: ['p-throttle', 'p-limit', 'undici'],
    settings: 'the same with `strict: true, interval: 1100`: a margin for the network, of which no documentation tells',
  },
  {
    id: 'p-limit',
    title: 'p-limit + undici retry',
    packages: ['p-limit', 'undici'],
    settings:
      '`pLimit(1)` for `GET /candidates` and `pLimit(7)` for the rest; undici `Pool` with `interceptors.retry`: every second, 10 times',
  },
  {
    id: 'got',
    title: 'got, its retry',
    packages: ['got'],
    settings:
      '`retry: { limit: 10, backoffLimit: 1000 }`; agents with `maxSockets` 1 for `GET /candidates` and 7 for the rest',
  },
  {
    id: 'axios',
    title: 'axios + axios-retry',
    packages: ['axios', 'axios-retry'],
    settings:
      '`retries: 10, retryDelay: () => 1000`, and 429 added to `retryCondition`; agents with `maxSockets` as for got',
  },
  {
    id: 'naive',
    title: 'undici Pool, nothing else',
    packages: ['undici'],
    settings: '`new Pool(origin)`, all at once',
  },
]

/**
 * What each module of this folder exports.
 *
 * @typedef {object} Context
 * @property {string} baseUrl the server's root, without a slash at its end
 * @property {string} apiKey a credential that nobody used before
 *
 * @typedef {object} Client
 * @property {(path: string, endpoint: string) => Promise<unknown>} get resolves with the parsed JSON; rejects with an error
 *   that tells the status. The endpoint is for those whose users have to say which limits hold.
 * @property {() => unknown} close closes the connections
 *
 * @typedef {(context: Context) => Client} Setup exported as `setup`
 */
