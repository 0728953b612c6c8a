/** Keep-alive of very many grants by four processes at once: each that is due is renewed once, at a bounded rate. */

import { createHash } from 'node:crypto'
import { World } from '../world.mjs'

const PROCESSES = 4
/** One in so many is not due. */
const FRESH = 10
const DAY = 24 * 3600 * 1000
const CHUNK = 500
/** Exchanges that each process may begin in a second. */
const PER_SECOND = 1000

export async function fleet(scope, { store, policy, numbers, progress }) {
  const world = await World.start(scope, { store, policy })
  const processes = Array.from({ length: PROCESSES }, () => world.start())
  const all = world.sandbox.issueGrants(numbers.grants).map(({ label, refreshToken }, index) => {
    const idle = index % FRESH === 0 ? 1 : 20
    return { id: label, refreshToken, refreshTokenIssuedAt: Date.now() - idle * DAY }
  })
  const due = all.filter((_, index) => index % FRESH !== 0)
  const seeded = performance.now()
  let imported = 0
  await Promise.all(
    processes.map(async process => {
      while (imported < all.length) {
        progress(`${imported} of ${all.length} grants imported`)
        const grants = all.slice(imported, imported + CHUNK)
        imported += grants.length
        await process.ask('import', { grants })
      }
    }),
  )
  const seedSeconds = (performance.now() - seeded) / 1000

  progress(`${due.length} grants are due`)
  const start = performance.now()
  const passes = await Promise.all(processes.map(process => process.ask('keepAlive', { perSecond: PER_SECOND })))
  const seconds = (performance.now() - start) / 1000
  const last = await processes[0].ask('keepAlive', { perSecond: PER_SECOND })

  const total = name => passes.reduce((sum, pass) => sum + pass[name], 0)
  const exchanges = world.sandbox.exchanges()
  const presented = new Set(exchanges.map(exchange => exchange.presented))
  const broken = []
  const check = (name, value, expected) => {
    if (value !== expected) broken.push(`${name}: ${value}, not ${expected}`)
  }
  check('renewed', total('renewed'), due.length)
  check('failed', total('failed'), 0)
  check('exchanges', exchanges.length, due.length)
  check('tokens presented', presented.size, due.length)
  check('due grants presented', due.filter(grant => presented.has(fingerprint(grant.refreshToken))).length, due.length)
  check('left for another pass', last.renewed + last.failed + last.remaining, 0)
  const rate = exchanges.length / seconds
  if (rate > PROCESSES * PER_SECOND) broken.push(`${rate.toFixed(0)} exchanges a second`)
  const mebibytes = bytes => Math.round(bytes / 1024 / 1024)
  return {
    broken,
    figures: {
      grants: all.length,
      due: due.length,
      exchanges: exchanges.length,
      skipped: total('skipped'),
      'imported/s': (all.length / seedSeconds).toFixed(0),
      'renewed/s': rate.toFixed(0),
      'most/s': PROCESSES * PER_SECOND,
      'MiB a process, before': Math.max(...passes.map(({ before }) => mebibytes(before))),
      'MiB, at most': Math.max(...passes.map(({ rss }) => mebibytes(rss))),
    },
  }
}

/** As the sandbox shows refresh tokens. */
function fingerprint(token) {
  return createHash('sha256').update(token).digest('hex').slice(0, 16)
}
