/** A sandbox and a store, the grants in them, and the processes that use them. The sandbox is here, so it survives. */

import { fileURLToPath } from 'node:url'
import { OAuthApp } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { ENCRYPTION_KEY, openStore, startPlace } from '../__test__/support/stores.mjs'
import { Process } from './process.mjs'

/** What a process loads before all else to get the addon with the feature `torture`. */
const PRELOAD = fileURLToPath(new URL('preload.cjs', import.meta.url))
/** How long an operation that works once holds its record, in milliseconds. */
export const LEASE = 180_000
/** When a dead holder's lease is over for who did not watch it: later by all that clocks may differ, and a bit. */
export const LEASE_OVER = LEASE + 301_000
/** Where a partner requests a customer's credentials. */
export const INTEGRATIONS = 'POST /apps-integrations/partner-api/integrations'
/** Under `grace`, a spent token is taken again for longer than any lease. */
const GRACE_PERIOD = 24 * 3600

export class World {
  sandbox
  place
  /** What the server does with a spent refresh token. */
  policy
  /** Every process that there was, by its name. */
  processes = new Map()
  #app
  #appOptions
  #torture
  #ids = new Map()
  #grants = 0
  #families = 0
  #authorized = Promise.resolve()

  /**
   * `policy` is the server's with spent refresh tokens, `lifetime` that of access tokens in seconds. `torture` has
   * what only the addon for it can do: `addon`, its path, and whether the judge's clock is `ahead`.
   */
  static async start(scope, { store, policy, lifetime = 1800, torture = {} }) {
    const world = new World()
    world.policy = policy
    world.sandbox = await startSandbox({
      limits: false,
      jobs: 1,
      candidates: 1,
      accessTokenLifetime: lifetime,
      refreshTokenReuse: policy,
      gracePeriod: GRACE_PERIOD,
    })
    scope.after(() => world.sandbox.close())
    world.place = await startPlace(scope, store)
    scope.after(() => Promise.all([...world.processes.values()].map(process => process.kill())))
    const { clientId, clientSecret, redirectUris } = world.sandbox.app
    const { baseUrl } = world.sandbox
    world.#appOptions = { clientId, clientSecret, redirectUri: redirectUris[0], baseUrl }
    world.#torture = torture
    world.#app = new OAuthApp({ ...world.#appOptions, store: openStore(world.place), encryptionKey: ENCRYPTION_KEY })
    return world
  }

  /** From now on each exchange is done when its request arrives, and answered so many milliseconds later. */
  answerLate(ms) {
    const times = Number.POSITIVE_INFINITY
    this.sandbox.fault({ kind: 'delay', ms, when: 'after', path: '/identity/oauth/token', times })
  }

  /** A new grant, by the authorization code flow: `{ id, label }`. */
  async grant() {
    this.#grants += 1
    const grant = { id: `grant-${this.#grants}`, label: '' }
    await this.authorize(grant)
    return grant
  }

  async grants(count) {
    const made = []
    for (let number = 0; number < count; number++) made.push(await this.grant())
    return made
  }

  /** Authorizes a grant anew, in place of what there is. One after the other: the sandbox numbers its labels. */
  authorize(grant) {
    this.#authorized = this.#authorized.then(() => this.#authorize(grant))
    return this.#authorized
  }

  async #authorize(grant) {
    const { url, state } = this.#app.authorizationUrl()
    // Its browser may find that a connection which it had kept was closed: it asks again, as browsers do.
    const callback = await this.sandbox.consentTo(url).catch(() => this.sandbox.consentTo(url))
    await this.#app.exchange(callback, { state, id: grant.id })
    this.#families += 1
    grant.label = `app/grant-${this.#families}`
    this.#ids.set(grant.label, grant.id)
  }

  expire({ label }) {
    this.sandbox.expireAccessTokens(label)
  }

  /** Starts a process; `env` is laid over this one's environment. */
  start(env) {
    const name = `p${this.processes.size + 1}`
    const { place } = this
    const { tokenUrl } = this.sandbox
    const app = { ...this.#appOptions, tokenUrl: `${tokenUrl}?process=${name}` }
    const { clientId, clientSecret } = this.sandbox.partner
    const partner = { clientId, clientSecret, baseUrl: this.sandbox.baseUrl }
    const process = new Process(name, { place, app, partner, tokenUrl }, env)
    this.processes.set(name, process)
    return process
  }

  /** Starts a process that does something at a labelled point of an operation: `kill:label`, `stop:label`. */
  startTortured(point) {
    return this.start({ ...loading(this.#torture.addon), SMARTRECRUITERS_TORTURE: point })
  }

  /** Starts a process that never saw any grant, to whom the leases of who died by now are over. */
  async startJudge() {
    const { addon, ahead } = this.#torture
    if (!ahead) {
      const deaths = [...this.processes.values()].map(({ killedAt = Number.NEGATIVE_INFINITY }) => killedAt)
      await until(Math.max(...deaths) + LEASE_OVER)
      return this.start()
    }
    return this.start({ ...loading(addon), SMARTRECRUITERS_TORTURE_AHEAD: String(LEASE_OVER) })
  }

  /** How often the sandbox issued credentials for this customer. */
  timesIssued(companyId) {
    return this.sandbox.credentials().clients.filter(({ label }) => label === `customer-${companyId}`).length
  }

  /** The grant with this label at the sandbox. */
  idOf(label) {
    return this.#ids.get(label)
  }

  /** Which process an exchange on the wire came from. */
  senderOf({ query }) {
    return this.processes.get(new URLSearchParams(query).get('process'))
  }
}

/** The environment in which a process loads this addon instead of the shipped one, which has no way to be replaced. */
function loading(addon) {
  return { NODE_OPTIONS: `--require=${JSON.stringify(PRELOAD)}`, SMARTRECRUITERS_TORTURE_ADDON: addon }
}

async function until(instant) {
  while (performance.now() < instant) await new Promise(resolve => setTimeout(resolve, 100))
}
