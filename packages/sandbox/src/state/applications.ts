import type { Data } from './data.js'
import { type Item, isGiven } from './given-data.js'
import { uuid } from './sample.js'

/** The application of a candidate to a job. */
export interface Application {
  readonly id: string
  readonly candidateId: string
  readonly jobId: string
  readonly createdOn: string
  status: string
  subStatus?: string
  startsOn?: string
  /** The id of the reason of a rejection or withdrawal. */
  reason?: string
  source: Readonly<Record<string, unknown>>
  onboardingStatus: string
  /** The changes of the status, the latest first. */
  readonly history: { changedOn: string; status: string; subStatus?: string }[]
  /** The values of the candidate properties by their ids. */
  readonly properties: Map<string, unknown>
}

/**
 * The applications of candidates to jobs. A generated candidate has applied to one job. Tests choose the candidate and
 * the job freely, so any other application comes into being when it is first asked for.
 */
export class Applications {
  readonly #data: Data
  readonly #byPair = new Map<string, Application>()
  readonly #byId = new Map<string, Application>()
  #complete = false

  constructor(data: Data) {
    this.#data = data
  }

  of(candidate: Item, jobId: string): Application {
    const pair = `${candidate.id} ${jobId}`
    const known = this.#byPair.get(pair)
    if (known) return known
    const isPrimary = this.primaryJobId(candidate) === jobId
    const status = isPrimary && typeof candidate.status === 'string' ? candidate.status : 'NEW'
    const createdOn = typeof candidate.createdOn === 'string' ? candidate.createdOn : new Date(0).toISOString()
    const application: Application = {
      id: uuid(`application ${pair}`, 0),
      candidateId: candidate.id,
      jobId,
      createdOn,
      status,
      source: { sourceTypeId: 'CAREERSITE', sourceId: 'career-site' },
      onboardingStatus: 'READY_TO_ONBOARD',
      history: [{ changedOn: createdOn, status }],
      properties: new Map(),
    }
    this.#byPair.set(pair, application)
    this.#byId.set(application.id, application)
    return application
  }

  /** Finds an application by its id. */
  find(id: string): Application | undefined {
    if (!this.#byId.has(id) && !this.#complete) {
      for (const candidate of this.#data.candidates.values()) {
        const jobId = this.primaryJobId(candidate)
        if (jobId !== undefined) this.of(candidate, jobId)
      }
      this.#complete = true
    }
    return this.#byId.get(id)
  }

  /** Returns the id of the job to which a candidate has applied: for a candidate that the user has given, the first. */
  primaryJobId({ jobId }: Item): string | undefined {
    if (typeof jobId === 'string' && this.#data.jobs.has(jobId)) return jobId
    return this.#data.jobs.keys().next().value
  }

  setStatus(candidate: Item, application: Application, change: Partial<Application> & { status: string }): void {
    const { status, subStatus, startsOn, reason } = change
    const changedOn = new Date().toISOString()
    Object.assign(application, { status, subStatus, startsOn, reason })
    application.history.unshift({ changedOn, status, ...(subStatus !== undefined && { subStatus }) })
    // A record that the user has given is answered as it is, so it has to show the change itself.
    if (isGiven(candidate)) this.#data.candidates.set(candidate.id, { ...candidate, status })
  }

  /** Removes the applications of a candidate. */
  remove(candidateId: string): void {
    for (const [pair, application] of this.#byPair) {
      if (application.candidateId !== candidateId) continue
      this.#byPair.delete(pair)
      this.#byId.delete(application.id)
    }
  }
}
