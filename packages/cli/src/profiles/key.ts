/**
 * The key that encrypts the secrets of profiles and the grants, and where it is: in the keyring of the operating system,
 * in a variable, or, if the user insists, in a file beside what it encrypts.
 */

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Context } from '../context.js'
import { EXIT, Failure, UsageError } from '../failure.js'
import { folderOf, read, write } from './folder.js'

/** Where the key of a profile is. */
export type KeySource = 'keyring' | 'variable' | 'file'

const VARIABLE = 'SMARTRECRUITERS_ENCRYPTION_KEY'
const SERVICE = 'smartrecruiters-cli'
const LENGTH = 32

/** Describes where the key is, for people. */
export function describeSource(context: Context, source: KeySource): string {
  return {
    keyring: 'the keyring of the operating system',
    variable: `the variable ${VARIABLE}`,
    file: `the file ${keyFile(context)}, which is not protected`,
  }[source]
}

/**
 * Chooses the place for the key, and makes the key if there is none. The place is tried out before a login begins:
 * afterwards, a login would be lost if its tokens could not be stored.
 */
export async function establishKey(
  context: Context,
  { insecure }: { insecure: boolean },
): Promise<{ source: KeySource; key: Buffer }> {
  const variable = context.variable(VARIABLE)
  if (variable !== undefined) return { source: 'variable', key: fromText(variable, VARIABLE) }
  if (insecure) return { source: 'file', key: await establish(await fileEntry(context), keyFile(context)) }
  try {
    return { source: 'keyring', key: await establish(await keyringEntry(context), SERVICE) }
  } catch (error) {
    throw new Failure('NO_KEYRING', `Secrets cannot be stored safely: ${reasonOf(error)}.`, {
      remedy:
        `Set ${VARIABLE} to a key that you keep (\`openssl rand -base64 32\` makes one), or add --insecure-storage ` +
        'to store the key in a file that your account can read.',
    })
  }
}

/** Returns the key of a profile. Rejects if it is not where it was when the profile was made. */
export async function readKey(context: Context, source: KeySource): Promise<Buffer> {
  const text = await {
    variable: async () => context.variable(VARIABLE),
    file: async () => (await fileEntry(context)).get(),
    keyring: async () =>
      (await keyringEntry(context)).get().catch((error: unknown) => {
        throw missing(context, source, `: ${reasonOf(error)}`)
      }),
  }[source]()
  if (text === undefined) throw missing(context, source, '')
  return fromText(text, describeSource(context, source))
}

/** Removes the key from the keyring or the file. */
export async function removeKey(context: Context, source: KeySource): Promise<void> {
  if (source === 'keyring') await (await keyringEntry(context)).remove()
  if (source === 'file') await (await fileEntry(context)).remove()
}

function missing(context: Context, source: KeySource, why: string): Failure {
  return new Failure(
    'KEY_MISSING',
    `The key that decrypts this profile is not in ${describeSource(context, source)}${why}.`,
    {
      exit: EXIT.authentication,
      remedy: source === 'variable' ? `Set ${VARIABLE}.` : 'Run `smartrecruiters auth login` again.',
    },
  )
}

/** A place that holds one text. */
interface Place {
  get(): Promise<string | undefined>
  set(text: string): Promise<void>
  remove(): Promise<void>
}

/** Returns the key in `place`. If there is none, makes it, and reads it back to be sure that it is there. */
async function establish(place: Place, name: string): Promise<Buffer> {
  const existing = await place.get()
  if (existing !== undefined) return fromText(existing, name)
  await place.set(randomBytes(LENGTH).toString('base64'))
  const stored = await place.get()
  if (stored === undefined) throw new Error('the key was stored, but is not there')
  return fromText(stored, name)
}

async function keyringEntry(context: Context): Promise<Place> {
  const { AsyncEntry } = await import('@napi-rs/keyring').catch(() => {
    throw new Error('the package @napi-rs/keyring, which reaches the keyring, is not installed')
  })
  // Without this, Linux falls back to the keyring of the kernel, which a reboot empties.
  const entry = new AsyncEntry(SERVICE, folderOf(context), { linux: { store: 'secret-service' } })
  return {
    get: async () => (await entry.getPassword(context.signal)) ?? undefined,
    set: text => entry.setPassword(text, context.signal),
    remove: async () => void (await entry.deleteCredential()),
  }
}

async function fileEntry(context: Context): Promise<Place> {
  const { rm } = await import('node:fs/promises')
  const path = keyFile(context)
  return {
    get: () => read(path),
    set: text => write(path, `${text}\n`),
    remove: () => rm(path, { force: true }),
  }
}

function keyFile(context: Context): string {
  return join(folderOf(context), 'encryption-key')
}

/** Reads a key in Base64 or hex. `where` is for the error, which must not contain the text. */
function fromText(text: string, where: string): Buffer {
  const trimmed = text.trim()
  const key = Buffer.from(trimmed, /^[0-9a-f]{64}$/i.test(trimmed) ? 'hex' : 'base64')
  if (key.length !== LENGTH) {
    throw new UsageError(
      `${where} does not hold a key: 32 random bytes in Base64 or hex`,
      'Make one with `openssl rand -base64 32`.',
    )
  }
  return key
}

/** The reason that the keyring gives, as the end of a sentence. */
function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
}
