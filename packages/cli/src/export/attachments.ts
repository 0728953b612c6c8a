/** The files of candidates: downloads them into a folder for each candidate. */

import { createWriteStream } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { SmartRecruiters } from 'smartrecruiters'
import { isObject } from '../output/fields.js'
import { sizeOf } from './file.js'

/** How many candidates are worked on at once. The client keeps to the limits of the API on its own. */
const CONCURRENCY = 8
/** How many characters of a file's own name are kept: file systems allow 255 bytes for the whole. */
const LONGEST_NAME = 40

const MINUTE = 60_000

/** What was done with files. */
export interface FileCounts {
  /** The number of files that were downloaded. */
  files: number
  bytes: number
  /** The number of files that were there from before. */
  present: number
  /** The number of candidates whose files the API does not give out. */
  withheld: number
}

interface Listed {
  id?: unknown
  name?: unknown
}

/** Downloads the files of candidates. */
export class AttachmentFolder {
  readonly counts: FileCounts = { files: 0, bytes: 0, present: 0, withheld: 0 }
  readonly #client: SmartRecruiters
  readonly #folder: string
  readonly #signal: AbortSignal

  constructor(client: SmartRecruiters, folder: string, signal: AbortSignal) {
    this.#client = client
    this.#folder = folder
    this.#signal = signal
  }

  /**
   * Downloads the files of these candidates. Files that are there already are left alone, so a repetition requests the
   * lists alone. `onCandidate` is called after each candidate.
   */
  async download(candidates: readonly unknown[], onCandidate: () => void): Promise<void> {
    const queue = candidates.values()
    let unauthorized = false
    const work = async () => {
      for (const candidate of queue) {
        const error = await this.#ofCandidate(candidate)
        onCandidate()
        if (error === undefined) continue
        this.counts.withheld++
        unauthorized ||= error === 'AUTHENTICATION'
      }
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, work))
    // SmartRecruiters answers 401 where a credential may not see one candidate, and also where it has become invalid.
    // Then this request is answered with 401, too, and the candidates are not counted as done.
    if (unauthorized) await this.#client.get<unknown>('/candidates', { ...this.#options, query: { limit: 1 } })
  }

  /** Downloads the files of a candidate. Returns the code of the error if the API does not give them out. */
  async #ofCandidate(candidate: unknown): Promise<string | undefined> {
    if (!isObject(candidate) || typeof candidate.id !== 'string') return undefined
    try {
      for (const { id, name } of await this.#list(candidate.id, candidate)) {
        if (typeof id === 'string') await this.#save(candidate.id, id, typeof name === 'string' ? name : '')
      }
      return undefined
    } catch (error) {
      const { code } = error as { code?: string }
      if (code === 'AUTHENTICATION' || code === 'PERMISSION' || code === 'NOT_FOUND') return code
      throw error
    }
  }

  /** The files of a candidate, each once: those of all its applications. */
  async #list(id: string, candidate: Record<string, unknown>): Promise<Listed[]> {
    const files = new Map<unknown, Listed>()
    const jobs = jobsOf(candidate)
    const paths = jobs.map(jobId => ['/candidates/{id}/jobs/{jobId}/attachments', { id, jobId }] as const)
    // Deprecated, but the only list of the files of a candidate without an application.
    if (paths.length === 0) paths.push(['/candidates/{id}/attachments' as never, { id } as never])
    for (const [path, params] of paths) {
      const { content } = await this.#client.get<{ content?: Listed[] }>(path, { ...this.#options, params })
      for (const file of content ?? []) files.set(file.id, file)
    }
    return [...files.values()]
  }

  async #save(candidateId: string, id: string, name: string): Promise<void> {
    const folder = join(this.#folder, nameOfId(candidateId))
    // The id comes first, so that the name is neither hidden nor one that Windows reserves.
    const path = join(folder, [nameOfId(id), safeName(name)].filter(part => part !== '').join('-'))
    // Only a whole file has its name.
    if ((await sizeOf(path)) !== undefined) {
      this.counts.present++
      return
    }
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const response = await this.#client
      .get<unknown>('/candidates/attachments/{attachmentId}', { ...this.#options, params: { attachmentId: id } })
      .asResponse()
    const target = createWriteStream(`${path}.partial`, { mode: 0o600 })
    await pipeline(response.body === null ? Readable.from([]) : Readable.fromWeb(response.body as never), target, {
      signal: this.#signal,
    })
    await rename(`${path}.partial`, path)
    this.counts.files++
    this.counts.bytes += target.bytesWritten
  }

  get #options() {
    return { signal: this.#signal, priority: 'batch', timeout: 5 * MINUTE } as const
  }
}

/** The ids of the jobs of a candidate's applications. */
function jobsOf({ primaryAssignment, secondaryAssignments }: Record<string, unknown>): string[] {
  const assignments = [primaryAssignment, ...(Array.isArray(secondaryAssignments) ? secondaryAssignments : [])]
  const ids = assignments.map(assignment => isObject(assignment) && isObject(assignment.job) && assignment.job.id)
  return [...new Set(ids.filter(id => typeof id === 'string'))]
}

/** Makes a name of an id: another one for each id, whatever it holds. */
export function nameOfId(id: string): string {
  return encodeURIComponent(id)
    .replaceAll('*', '%2A')
    .replaceAll(/^\.+$/g, dots => '%2E'.repeat(dots.length))
}

/** Makes the end of a file's name of the name that strangers have chosen: candidates do. Its type stays the same. */
export function safeName(name: string): string {
  const plain = name.normalize('NFC').replaceAll(/[^\p{L}\p{M}\p{N}._ -]/gu, '_')
  const [, stem = '', ending = ''] = /^(.*?)(\.[A-Za-z0-9]{1,10})?$/s.exec(plain) ?? []
  const shown = Array.from(stem).slice(0, LONGEST_NAME).join('')
  return `${shown}${ending}`.replace(/[. ]+$/, '')
}
