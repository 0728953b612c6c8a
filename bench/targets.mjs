/** What this client wants to reach: its figure as a multiple of another client's, both of the same rounds. */

const MAIN = { figure: 'main-thread time per request', metric: 'main' }
const CPU = { figure: 'CPU per request', metric: 'cpu' }
const RATE = { figure: 'requests/s', metric: 'rate' }
const P50 = { figure: 'p50', metric: 'p50' }
const P99 = { figure: 'p99', metric: 'p99' }
const START = { figure: 'module load and first call', metric: 'sum', scenario: 'cold' }
const SPEED = { figure: 'MB/s', metric: 'millions' }
const MAIN_PER_MEGABYTE = { figure: 'main-thread time per MB', metric: 'mainPerMillion' }

/** `most` or `least` is the ratio to reach; without `against` it is the figure itself, in microseconds. */
export const TARGETS = [
  { ...START, against: 'undici-request', most: 0.09 },
  { ...START, against: 'fetch', most: 0.2 },
  { ...MAIN, scenario: 'small-64', against: 'undici-pool', most: 0.22 },
  { ...CPU, scenario: 'small-64', against: 'undici-pool', most: 0.75 },
  { ...CPU, scenario: 'small-64', against: 'limit-core', most: 1.5 },
  { ...CPU, scenario: 'small-64', client: 'limit-core', against: 'limit-hyper', most: 1.3 },
  { ...RATE, scenario: 'small-64', against: 'undici-dispatch', least: 1.15 },
  { ...P99, scenario: 'small-64', against: 'undici-pool', most: 0.8 },
  { ...P99, scenario: 'small-512', against: 'undici-pool', most: 0.9 },
  { ...P50, scenario: 'small-1', against: 'undici-request', most: 0.7 },
  { ...CPU, scenario: 'small-1', against: 'undici-request', most: 0.9 },
  { ...RATE, scenario: 'page-64', against: 'undici-dispatch', least: 1.1 },
  { ...CPU, scenario: 'page-64', against: 'undici-dispatch', most: 1 },
  { ...MAIN, scenario: 'page-64', against: 'undici-dispatch', most: 0.8 },
  { ...SPEED, scenario: 'download', against: 'wreq-js', least: 1.2 },
  { ...MAIN_PER_MEGABYTE, scenario: 'download', against: 'wreq-js', most: 0.5 },
  { ...SPEED, scenario: 'upload', against: 'undici-request', least: 1.2 },
  { ...MAIN_PER_MEGABYTE, scenario: 'upload', against: 'undici-request', most: 0.5 },
  { figure: 'items/s', metric: 'millions', scenario: 'list', against: 'undici-request', least: 1.5 },
  {
    figure: 'main-thread time per item',
    metric: 'mainPerMillion',
    scenario: 'list',
    against: 'undici-request',
    most: 0.7,
  },
  { figure: 'event-loop delay p99', metric: 'loop', scenario: 'small-64', most: 5000 },
  { figure: 'event-loop delay p99', metric: 'loop', scenario: 'small-512', most: 5000 },
].map(target => ({ client: 'smartrecruiters', ...target }))
