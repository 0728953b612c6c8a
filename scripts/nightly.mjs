// `npm run nightly`: at their full length, the runs of which CI has a short form. They take hours.

import { run, setup } from './setup.mjs'

const RUST_TESTS = ['cargo', 'test', '--no-default-features', '--features', 'stores']

const RUNS = [
  {
    what: 'the limits at full load for a minute each, of which 99 % have to be used',
    // One file after the other: what one takes of the machine, the other could not use.
    command: ['node', '--test', '--test-concurrency=1', '__test__/limits.test.mjs', '__test__/shared-limits.test.mjs'],
    env: { LIMITS_SECONDS: '60' },
  },
  {
    what: 'twenty failovers of Redis, alone, with Sentinels and in a cluster, of Valkey, and of PostgreSQL',
    command: [...RUST_TESTS, '--test', 'it', '--', 'a_replica_becomes_the_primary', 'no_grant_is_lost', '--nocapture'],
    env: { FAILOVERS: '20' },
  },
  {
    what: 'properties with twenty thousand cases each',
    command: [...RUST_TESTS, '--lib'],
    env: { PROPTEST_CASES: '20000' },
  },
  { what: 'ten million inputs for each fuzz target', command: ['node', 'fuzz/run.mjs'] },
  {
    what: 'a million generated uses of the face, and a million calls of the addon',
    command: ['node', '--test', '__test__/fuzz-face.test.mjs', '__test__/fuzz-native.test.mjs'],
    env: { FUZZ_INPUTS: '1000000', FUZZ_CALLS: '1000000' },
  },
  { what: 'mutants of the code that decides', command: ['node', 'scripts/mutants.mjs'] },
  { what: 'every package manager, runtime and bundler', command: ['node', 'scripts/gate.mjs', '--no-build'] },
  {
    what: 'a million webhook events in each of two months',
    command: [...RUST_TESTS, '--release', '--lib', 'a_store_stays_bounded_over_two_months'],
    env: { EVENTS: '1000000' },
  },
  {
    what: 'fifty processes that are killed after they accepted a webhook',
    command: ['node', '--test', '__test__/webhooks-fleet.test.mjs'],
    env: { WEBHOOK_KILLS: '50' },
  },
  {
    what: 'the handlers for the web in every framework',
    command: ['node', '--test', '__test__/web-frameworks.test.mjs', '__test__/webhooks-frameworks.test.mjs'],
    env: { WEB_FRAMEWORKS: 'all' },
  },
  {
    what: 'the ratios to other clients, of which none may be a tenth worse than in the last release',
    command: [
      'node',
      'bench/run.mjs',
      '--check',
      '--clients',
      'smartrecruiters,undici-*,fetch,wreq-js,limit-*',
      '--only',
      'small-1,small-64,page-64,download,upload,list,cold',
    ],
  },
  {
    what: 'small calls beside answers that keep a process busy',
    command: ['node', 'bench/busy/run.mjs'],
  },
  {
    what: 'ten million requests in one process',
    command: ['node', '--test', '__test__/endurance.test.mjs'],
    env: { ENDURANCE: '10000000' },
  },
  {
    what: 'a day of ten thousand grants, each renewed in every half hour',
    command: [...RUST_TESTS, '--release', '--test', 'it', '--', 'every_grant_lives_through_a_day'],
    env: { GRANTS: '10000' },
  },
  {
    what: 'ten thousand customers of a partner in one process',
    command: ['node', '--test', '__test__/partner-memory.test.mjs'],
    env: { CUSTOMERS: '10000' },
  },
  {
    what: 'an export of twenty thousand candidates that is killed twenty times',
    command: ['node', '--test', 'packages/cli/test/export.test.mjs'],
    env: { EXPORT_CANDIDATES: '20000' },
  },
  { what: 'checkers of memory and of races', command: ['node', 'scripts/sanitize.mjs'] },
  { what: 'every row of the fault matrix', command: ['node', 'faults/run.mjs'] },
  { what: 'torture', command: ['node', 'torture/run.mjs'] },
  { what: 'torture: a hundred thousand grants', command: ['node', 'torture/run.mjs', '--scenarios', 'fleet'] },
]

await setup()
const failed = []
for (const { what, command, env } of RUNS) {
  console.error(`\n${new Date().toISOString()} ${what}: ${command.join(' ')}`)
  await run(command, { env: { ...process.env, ...env } }).catch(error => {
    console.error(error.message)
    failed.push(what)
  })
}
console.error(failed.length === 0 ? '\nall passed' : `\nfailed: ${failed.join('; ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
