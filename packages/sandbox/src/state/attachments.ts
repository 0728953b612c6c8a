import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'

const BLOCK = 64 * 1024
/** The maximum size of an upload that is kept, in bytes. Larger uploads are only counted and hashed. */
const KEPT_BYTES = 1024 * 1024

export type AttachmentType = 'GENERIC_FILE' | 'RESUME' | 'COVER_LETTER'

export interface Attachment {
  readonly id: string
  readonly name: string
  readonly type: AttachmentType
  readonly contentType: string
  /** The size in bytes. */
  readonly size: number
  readonly sha256: string
}

/**
 * The files of the candidates. Each candidate has a résumé of 16,384 bytes and a letter of 2,048 bytes. For every N
 * there is an attachment `size-N` of N bytes.
 */
export class Attachments {
  readonly #uploads = new Map<string, { attachment: Attachment; candidateId: string; bytes: Buffer | undefined }>()

  readonly #removed = new Set<string>()

  ofCandidate(candidateId: string): Attachment[] {
    const uploads = [...this.#uploads.values()].filter(upload => upload.candidateId === candidateId)
    return [
      made(`resume-${candidateId}`, 'resume.pdf', 'RESUME', 16_384),
      made(`letter-${candidateId}`, 'letter.pdf', 'COVER_LETTER', 2_048),
      ...uploads.map(upload => upload.attachment),
    ].filter(({ id }) => this.has(id))
  }

  /** Whether an attachment was not removed. */
  has(id: string): boolean {
    return !this.#removed.has(id)
  }

  /** Removes an attachment of a candidate. Returns false if it was removed before. */
  remove(id: string): boolean {
    if (!this.has(id)) return false
    this.#uploads.delete(id)
    this.#removed.add(id)
    return true
  }

  add(candidateId: string, attachment: Attachment, bytes: Buffer | undefined): void {
    this.#uploads.set(attachment.id, { attachment, candidateId, bytes })
  }

  /** Returns the id of the candidate to which an attachment belongs; undefined for `size-N`. */
  ownerOf(id: string): string | undefined {
    return this.#uploads.get(id)?.candidateId ?? /^(?:resume|letter)-(.+)$/.exec(id)?.[1]
  }

  /** Returns the content of an attachment; undefined if it does not exist or was too large to be kept. */
  open(id: string): { size: number; contentType: string; content: Readable } | undefined {
    const upload = this.#uploads.get(id)
    if (upload) {
      const { contentType, size } = upload.attachment
      return upload.bytes && { size, contentType, content: Readable.from(upload.bytes, { objectMode: false }) }
    }
    const size = id.startsWith('resume-') ? 16_384 : id.startsWith('letter-') ? 2_048 : sizeIn(id)
    return size === undefined ? undefined : { size, contentType: 'application/pdf', content: pattern(id, size) }
  }
}

/** Reads a stream, counts and hashes its bytes, and keeps them unless there are too many. */
export async function digestUpload(
  stream: AsyncIterable<Buffer>,
): Promise<{ size: number; sha256: string; bytes: Buffer | undefined }> {
  const hash = createHash('sha256')
  let kept: Buffer[] | undefined = []
  let size = 0
  for await (const chunk of stream) {
    hash.update(chunk)
    size += chunk.length
    if (size > KEPT_BYTES) kept = undefined
    kept?.push(chunk)
  }
  return { size, sha256: hash.digest('hex'), bytes: kept && Buffer.concat(kept) }
}

function made(id: string, name: string, type: AttachmentType, size: number): Attachment {
  const sha256 = createHash('sha256').update(block(id).subarray(0, size)).digest('hex')
  return { id, name, type, contentType: 'application/pdf', size, sha256 }
}

function sizeIn(id: string): number | undefined {
  const size = Number(/^size-(\d{1,15})$/.exec(id)?.[1] ?? Number.NaN)
  return Number.isNaN(size) ? undefined : size
}

function* slices(id: string, size: number): Generator<Buffer> {
  const source = block(id)
  for (let left = size; left > 0; left -= BLOCK) yield source.subarray(0, Math.min(left, BLOCK))
}

function pattern(id: string, size: number): Readable {
  return Readable.from(slices(id, size), { objectMode: false })
}

function block(id: string): Buffer {
  return Buffer.alloc(BLOCK, createHash('sha256').update(id).digest())
}
