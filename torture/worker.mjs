// A process of the fleet: does what its parent tells it, says what came of it, and tells of every grant that it renews.

import { request } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { OAuthApp, PartnerApp, SmartRecruiters } from 'smartrecruiters'
import { ENCRYPTION_KEY, openStore } from '../__test__/support/stores.mjs'

/** Longer than the leases of two holders that died one after the other, in milliseconds. */
const PATIENCE = 500_000

const setup = isMainThread ? JSON.parse(process.argv[2]) : workerData.setup
const app = new OAuthApp({ ...setup.app, store: openStore(setup.place), encryptionKey: ENCRYPTION_KEY })
const clients = new Map()
let partner
/** Of the machine, not of this process alone. */
const now = () => Number(process.hrtime.bigint()) / 1e6

/** All clients share the connections of the first. */
function client(id) {
  const known = clients.get(id)
  if (known !== undefined) return known
  const [first] = clients.values()
  const credential = app.grant(id)
  const made = first?.withCredential(credential) ?? new SmartRecruiters({ credential, timeout: PATIENCE })
  clients.set(id, made)
  return made
}

/** Connects a customer and uses it: connected, or the error's code and reason. */
async function connect(companyId) {
  partner ??= new PartnerApp({ ...setup.partner, store: openStore(setup.place), encryptionKey: ENCRYPTION_KEY })
  try {
    const sr = new SmartRecruiters({ credential: await partner.connect(companyId) })
    await sr.get('/payload/20')
    await sr.close()
    return 'connected'
  } catch (error) {
    return nameOf(error)
  }
}

function nameOf({ code, reason = '' }) {
  return `${code} ${reason}`.trim()
}

/** Answered, or the error's code and reason. */
function call(id, signal) {
  return client(id)
    .get('/payload/20', { signal })
    .then(
      () => 'answered',
      error => (signal?.aborted ? 'aborted' : nameOf(error)),
    )
}

const ACTIONS = {
  call: ({ id }) => call(id),
  connect: ({ companyId }) => connect(companyId),
  /** Gives a call up `after` so many milliseconds. */
  async abort({ id, after }) {
    const controller = new AbortController()
    const outcome = call(id, controller.signal)
    await setTimeout(after)
    controller.abort()
    return outcome
  },
  /** Begins a call, and ends the process by itself. */
  async exit({ id, after }) {
    void call(id)
    await setTimeout(after)
    process.exit(0)
  },
  /** The same by a signal, whose handler ends the process. */
  async sigterm({ id, after }) {
    process.once('SIGTERM', () => process.exit(0))
    void call(id)
    await setTimeout(after)
    process.kill(process.pid, 'SIGTERM')
    // No answer: the signal is on its way.
    return new Promise(() => {})
  },
  /** Has a thread begin a call, and terminates it. */
  async terminate({ id, after }) {
    const thread = new Worker(fileURLToPath(import.meta.url), { workerData: { setup, id } })
    await new Promise(resolve => thread.once('message', resolve))
    await setTimeout(after)
    return thread.terminate()
  },
  async import({ grants }) {
    let next = 0
    const lane = async () => {
      while (next < grants.length) await app.import(grants[next++])
    }
    await Promise.all(Array.from({ length: 32 }, lane))
    return grants.length
  },
  async keepAlive(options) {
    let rss = 0
    const onProgress = () => {
      rss = Math.max(rss, process.memoryUsage.rss())
    }
    const before = process.memoryUsage.rss()
    const progress = await app.keepAlive({ ...options, onProgress })
    return { ...progress, before, rss }
  },
  /** When the answer to a bare request at the token endpoint is read: what a round trip takes here and now. */
  probe: ({ form, mark }) =>
    new Promise((resolve, reject) => {
      const sent = request(`${setup.tokenUrl}?${mark}`, {
        method: 'POST',
        agent: false,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      })
      sent.once('error', reject).once('response', response => response.resume().once('end', () => resolve(now())))
      sent.end(form)
    }),
}

if (isMainThread) {
  // Who is gone needs no answer.
  const tell = message => process.connected && process.send(message, () => {})
  app.on('renewed', ({ grantId }) => tell({ renewed: grantId, at: now() }))
  process.on('message', async ({ call, action, ...options }) => {
    const outcome = await ACTIONS[action](options)
    tell({ call, outcome })
  })
  process.on('disconnect', () => process.exit())
  tell({ ready: true })
} else {
  void call(workerData.id)
  parentPort.postMessage('begun')
}
