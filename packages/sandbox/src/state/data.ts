import type { Item, SandboxData } from './given-data.js'
import * as sample from './sample.js'
import { pick, range, uuid } from './sample.js'

/** The options from which the data is made. */
interface DataSource {
  /** The number of generated jobs. */
  jobs: number
  /** The number of generated candidates. */
  candidates: number
  /** The records of the user, which replace generated ones. */
  data: { [Name in keyof SandboxData]?: Item[] }
}

/** Records by their ids, in the order of their list. */
export type Collection = Map<string, Item>

/**
 * The data of the company, the same at every start. What the routes write is kept until the sandbox closes. Collections
 * other than jobs and candidates are generated at their first use.
 */
export class Data {
  readonly companyId = 'SandboxCompany'
  readonly jobs: Collection
  readonly candidates: Collection
  readonly #given: DataSource['data']
  readonly #collections = new Map<string, Collection>()
  #made = 0

  constructor({ jobs, candidates, data }: DataSource) {
    this.#given = data
    const departments = [...this.departments.values()]
    this.jobs = byId(data.jobs ?? range(jobs, index => sample.job(index, pick(departments, index))))
    const jobIds = [...this.jobs.keys()]
    this.candidates = byId(data.candidates ?? range(candidates, index => sample.candidate(index, pick(jobIds, index))))
  }

  get departments(): Collection {
    return this.#collection('departments', () => range(12, sample.department))
  }

  get users(): Collection {
    return this.#collection('users', () => range(250, sample.user))
  }

  get auditEvents(): Collection {
    return this.#collection('auditEvents', () => range(450, sample.auditEvent))
  }

  get approvals(): Collection {
    const jobIds = [...this.jobs.keys()]
    const subject = (index: number) => ({ id: pick(jobIds, index) ?? uuid('subject', index), type: 'job' })
    return this.#collection('approvals', () =>
      range(130, index => sample.approval(index, subject(index), this.#userId(index))),
    )
  }

  get subscriptions(): Collection {
    return this.#collection('subscriptions', () => range(45, sample.subscription))
  }

  get reports(): Collection {
    return this.#collection('reports', () => range(37, sample.report))
  }

  get reportFiles(): Collection {
    return this.#collection('reportFiles', () => [])
  }

  get reviews(): Collection {
    return this.#collection('reviews', () =>
      this.#ofApplications(24, 3, (index, candidateId, jobId) =>
        sample.review(index, candidateId, jobId, this.#userId(index)),
      ),
    )
  }

  get jobProperties(): Collection {
    return this.#collection('jobProperties', () => range(24, sample.jobProperty))
  }

  get candidateProperties(): Collection {
    return this.#collection('candidateProperties', () => range(6, sample.candidateProperty))
  }

  get hiringProcesses(): Collection {
    return this.#collection('hiringProcesses', () => range(3, sample.hiringProcess))
  }

  get offers(): Collection {
    return this.#collection('offers', () => this.#ofApplications(40, 2, sample.offer))
  }

  get interviews(): Collection {
    return this.#collection('interviews', () =>
      this.#ofApplications(20, 2, (index, candidateId, jobId) =>
        sample.interview(index, candidateId, jobId, this.#userId(index)),
      ),
    )
  }

  get messages(): Collection {
    return this.#collection('messages', () =>
      this.#ofApplications(100, 25, (index, candidateId, jobId) =>
        sample.message(index, candidateId, jobId, this.#userId(index)),
      ),
    )
  }

  /**
   * Returns the records of a kind that belong to one record, such as the positions of a job. `make` generates them at
   * their first use.
   */
  of(kind: string, ownerId: string, make: () => Item[] = () => []): Collection {
    return this.#keep(`${kind} of ${ownerId}`, make)
  }

  /** Returns a list of the whole company that `data` cannot replace, generated at its first use. */
  own(kind: string, make: () => Item[]): Collection {
    return this.#keep(`own ${kind}`, make)
  }

  /** Makes an id for a record that is created while the sandbox runs. */
  newId(kind: string): string {
    this.#made += 1
    return uuid(`new-${kind}`, this.#made)
  }

  #collection(name: keyof SandboxData, make: () => Item[]): Collection {
    return this.#keep(name, () => this.#given[name] ?? make())
  }

  #keep(key: string, make: () => Item[]): Collection {
    let collection = this.#collections.get(key)
    if (!collection) {
      collection = byId(make())
      this.#collections.set(key, collection)
    }
    return collection
  }

  #userId(index: number): string {
    return pick([...this.users.keys()], index) ?? uuid('user', index)
  }

  /** Makes `count` records, `each` of them for the application of one candidate. */
  #ofApplications(
    count: number,
    each: number,
    make: (index: number, candidateId: string, jobId: string) => Item,
  ): Item[] {
    const jobIds = [...this.jobs.keys()]
    const candidates = [...this.candidates.values()].slice(0, Math.ceil(count / each))
    return candidates
      .flatMap(({ id, jobId }, index) => {
        const ofJob = typeof jobId === 'string' ? jobId : pick(jobIds, index)
        return ofJob === undefined ? [] : range(each, place => make(index * each + place, id, ofJob))
      })
      .slice(0, count)
  }
}

function byId(items: readonly Item[]): Collection {
  return new Map(items.map(item => [item.id, item]))
}
