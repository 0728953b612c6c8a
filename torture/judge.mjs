/**
 * The verdict, by what was on the wire: the sandbox lists every refresh token that was presented, by whom, and what it
 * issued; each process tells of every renewal that it has stored. No verdict depends on how long anything took.
 */

/** What a loss is called. `revokedOrExpired` would be wrong: the server revoked nothing of its own accord. */
const NAMED = 'responseLost'

/** Every exchange of a refresh token: of which grant, who sent it, and when that process had stored what it got. */
export function exchangesOf(world) {
  const labels = new Map()
  const renewals = new Map()
  for (const process of world.processes.values()) {
    for (const { id, at } of process.renewals) listIn(renewals, `${process.name} ${id}`).push(at)
  }
  return world.sandbox
    .exchanges()
    .filter(({ issued, issuedTo, grantType }) => {
      if (issued !== undefined) labels.set(issued, issuedTo)
      return grantType === 'refresh_token'
    })
    .map(exchange => {
      const label = labels.get(exchange.presented)
      const sender = world.senderOf(exchange)
      const id = world.idOf(label)
      // A process has one exchange of a grant at a time: it tells of its renewals in the same order.
      const storedAt = exchange.issued && listIn(renewals, `${sender?.name} ${id}`).shift()
      return { ...exchange, id, label, sender, storedAt }
    })
}

/**
 * Refresh tokens that were presented again although nobody may: who presented them before is alive, or had stored what
 * it got. `lost` has the exchanges whose requests or answers the network lost.
 */
export function doublePresentations(exchanges, lost = new Set()) {
  const last = new Map()
  const broken = []
  for (const exchange of exchanges) {
    const earlier = last.get(exchange.presented)
    last.set(exchange.presented, exchange)
    if (earlier === undefined || lost.has(earlier)) continue
    const died = earlier.sender?.killedAt
    if (died === undefined || died > exchange.at || earlier.storedAt !== undefined) {
      broken.push(`a refresh token of ${exchange.id} was presented twice`)
    }
  }
  return broken
}

/** Whether the loss of a grant is excused; if not, what is wrong: `{ broken }`. */
export function judgeLoss(world, { id, label }, outcome) {
  const exchanges = exchangesOf(world)
  const [code, reason] = outcome.split(' ')
  if (code !== 'REAUTHORIZATION_REQUIRED' || reason !== NAMED) return { broken: `${id} ended as ${outcome}` }
  // The last token that it had: somebody spent it, and died before the next one was stored.
  const last = exchanges.findLast(exchange => exchange.label === label)
  const spent = exchanges.find(({ presented, issued }) => presented === last?.presented && issued !== undefined)
  if (spent === undefined) return { broken: `${id} ended as ${outcome}, and its token was never spent` }
  if (spent.sender?.killedAt === undefined) return { broken: `${id} was lost by a process that lives` }
  if (spent.storedAt !== undefined) return { broken: `${id} was lost after it was stored` }
  if (world.policy === 'grace') return { broken: `${id} was lost, and the server takes a spent token again` }
  return {}
}

/** Where a process was when it was killed; `calls` is what it had been asked for then. */
export function placeOfDeath(exchanges, process, calls) {
  const asked = exchange => calls.some(({ id, since }) => id === exchange.id && since < exchange.at)
  const isOpen = exchange => (exchange.issued === undefined ? asked(exchange) : exchange.storedAt === undefined)
  if (exchanges.some(exchange => exchange.sender === process && isOpen(exchange))) return 'window'
  if (calls.length === 0) return 'idle'
  const renewed = calls.some(({ id, since }) => process.renewals.some(entry => entry.id === id && entry.at > since))
  return renewed ? 'after' : 'before'
}

function listIn(map, key) {
  const list = map.get(key) ?? []
  map.set(key, list)
  return list
}
