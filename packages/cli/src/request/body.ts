/** Request bodies of the command line: forms with files, and `--input`. */

import { openAsBlob } from 'node:fs'
import { basename, extname } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { UsageError } from '../failure.js'

/** The media types of the files that are usually uploaded: SmartRecruiters shows no preview of the others. */
const TYPES: Readonly<Record<string, string>> = {
  '.doc': 'application/msword',
  '.docx': 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.odt': 'application/vnd.oasis.opendocument.text',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.rtf': 'application/rtf',
  '.txt': 'text/plain',
}

/**
 * Makes a form of fields, and of `key=value`, `key=@file` and `key=@file;type=MEDIA/TYPE`. Files are read while they are
 * sent.
 */
export async function formOf(fields: Iterable<[string, string]>, parts: readonly string[]): Promise<FormData> {
  const form = new FormData()
  for (const [key, value] of fields) form.append(key, value)
  for (const field of parts) {
    const at = field.indexOf('=')
    if (at < 1) throw new UsageError('-F must be key=value, or key=@file')
    const [key, value] = [field.slice(0, at), field.slice(at + 1)]
    if (!value.startsWith('@')) {
      form.append(key, value)
      continue
    }
    const [, path = '', type] = /^@(.*?)(?:;type=([\w.+-]+\/[\w.+-]+))?$/s.exec(value) ?? []
    const file = await open(path, type ?? TYPES[extname(path).toLowerCase()])
    form.append(key, file, basename(path))
  }
  return form
}

/** Returns the body that `--input` names: a file, or stdin for `-`. */
export async function inputOf(name: string, stdin: NodeJS.ReadableStream): Promise<Blob | Uint8Array> {
  // In memory: a request whose body can be read only once could not be repeated.
  return name === '-' ? buffer(stdin) : open(name)
}

async function open(path: string, type?: string): Promise<Blob> {
  try {
    return await openAsBlob(path, type === undefined ? {} : { type })
  } catch {
    throw new UsageError(`the file ${JSON.stringify(path)} cannot be read`)
  }
}
