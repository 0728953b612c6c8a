/** What this client wants to reach: its figure as a multiple of another client's, both of the same rounds. */

const MAIN = { figure: 'main-thread time per request', metric: 'main' }
const CPU = { figure: 'CPU per request', metric: 'cpu' }
const RATE = { figure: 'requests/s', metric: 'rate' }

/** `most` or `least` is the ratio to reach; without `against` it is the figure itself, in microseconds. */
export const TARGETS = [
  { ...MAIN, scenario: 'small-64', against: 'undici-pool', most: 0.15 },
  { ...MAIN, scenario: 'small-64', against: 'fetch', most: 0.03 },
  { ...MAIN, scenario: 'small-64', against: 'wreq-js', most: 0.15 },
  { ...CPU, scenario: 'small-64', against: 'undici-pool', most: 0.5 },
  { ...CPU, scenario: 'small-64', against: 'fetch', most: 0.08 },
  { ...RATE, scenario: 'small-64', against: 'undici-pool', least: 2.2 },
  { ...RATE, scenario: 'small-64', against: 'fetch', least: 10 },
  { ...RATE, scenario: 'small-64', against: 'impit', least: 5 },
  { figure: 'p99', metric: 'p99', scenario: 'small-64', against: 'undici-pool', most: 0.7 },
  { figure: 'p50', metric: 'p50', scenario: 'small-1', against: 'undici-request', most: 0.9 },
  { ...MAIN, scenario: 'page-64', against: 'undici-request', most: 0.7 },
  { ...CPU, scenario: 'small-64', against: 'limit-core', most: 1.8 },
  { ...MAIN, scenario: 'small-64', client: 'smartrecruiters-fetch', against: 'fetch', most: 0.35 },
  { figure: 'resident memory', metric: 'rss', scenario: 'small-512', against: 'undici-request', most: 0.9 },
  { ...CPU, scenario: 'small-tls-64', against: 'undici-pool', most: 0.5 },
  { figure: 'MB/s', metric: 'megabytes', scenario: 'download', against: 'undici-request', least: 1.8 },
  {
    figure: 'main-thread time per MB',
    metric: 'mainPerMegabyte',
    scenario: 'download',
    against: 'undici-request',
    most: 0.4,
  },
  { figure: 'module load and first call', metric: 'sum', scenario: 'cold', against: 'undici-request', most: 0.15 },
  { figure: 'module load and first call', metric: 'sum', scenario: 'cold', against: 'fetch', most: 0.3 },
  { figure: 'event-loop delay p99', metric: 'loop', scenario: 'small-64', most: 5000 },
  { figure: 'event-loop delay p99', metric: 'loop', scenario: 'small-512', most: 5000 },
].map(target => ({ client: 'smartrecruiters', ...target }))
