/** Which C library this process runs on, and what the beginning of an ELF file says. */

import { closeSync, openSync, readSync } from 'node:fs'

export type Libc = 'gnu' | 'musl'

/** How much of a file is read at once: what is asked for is usually there. Offsets are below 4 GiB. */
const START = 2048
const PROGRAM_HEADER = 56
const PT_INTERP = 3

/** Returns the C library of this process; `undefined` if nothing says which it is. */
export function libcOfProcess(): Libc | undefined {
  // Much quicker than the report, but it needs the permission to read the file.
  return libcOfProgram(process.execPath) ?? libcOfReport()
}

/** Whether a file is an ELF file that lacks its end. Loading such a file would kill the process. */
export function isTruncated(path: string): boolean {
  const header = elfHeader(path)
  if (header === undefined) return false
  // The table of sections is the last part of the file.
  const end = header.readUInt32LE(40) + header.readUInt16LE(58) * header.readUInt16LE(60)
  return read(path, end - 1, 1)?.length === 0
}

function libcOfProgram(path: string): Libc | undefined {
  const start = elfHeader(path)
  if (start === undefined) return undefined
  const table = start.readUInt32LE(32)
  for (let entry = 0; entry < start.readUInt16LE(56); entry++) {
    const at = table + entry * PROGRAM_HEADER
    if (at + PROGRAM_HEADER > start.length) return undefined
    if (start.readUInt32LE(at) !== PT_INTERP) continue
    const [offset, length] = [start.readUInt32LE(at + 8), start.readUInt32LE(at + 32)]
    const name = start.length < offset + length ? read(path, offset, length) : start.subarray(offset, offset + length)
    return name && libcOfName(name.toString('latin1'))
  }
  return undefined
}

/** Asks Node itself, where the program cannot be read or was started by a loader, which then counts as the program. */
function libcOfReport(): Libc | undefined {
  const { report } = process as { report?: NodeJS.ProcessReport & { excludeNetwork?: boolean } }
  if (report === undefined) return undefined
  const { excludeNetwork = false } = report
  try {
    // Otherwise the report would resolve the names of all hosts that the process is connected to.
    report.excludeNetwork = true
    const { header, sharedObjects } = report.getReport() as {
      header?: { glibcVersionRuntime?: string }
      sharedObjects?: string[]
    }
    if (header?.glibcVersionRuntime !== undefined) return 'gnu'
    return sharedObjects?.map(libcOfName).find(libc => libc === 'musl')
  } catch {
    return undefined
  } finally {
    report.excludeNetwork = excludeNetwork
  }
}

/** Returns which library a dynamic loader, or the library itself, belongs to. */
function libcOfName(name: string): Libc | undefined {
  if (/\/(ld-musl-|libc\.musl-)/.test(name)) return 'musl'
  return /\/ld-linux|\/ld64\.so|\/ld\.so/.test(name) ? 'gnu' : undefined
}

/** Returns the beginning of a 64-bit, little-endian ELF file; `undefined` for any other, and if it cannot be read. */
function elfHeader(path: string): Buffer | undefined {
  const start = read(path, 0, START)
  const isElf = start !== undefined && start.length >= 64 && start.readUInt32BE(0) === 0x7f454c46
  return isElf && start[4] === 2 && start[5] === 1 ? start : undefined
}

/** Reads a part of a file, less beyond its end; `undefined` if it cannot be read. */
function read(path: string, offset: number, length: number): Buffer | undefined {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const buffer = Buffer.allocUnsafe(length)
    return buffer.subarray(0, readSync(file, buffer, 0, length, offset))
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}
