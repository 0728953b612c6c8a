/** Which C library this process runs on, and what the beginning of an ELF file says. */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

export type Libc = 'gnu' | 'musl'

const PROGRAM_HEADER = 56
const PT_INTERP = 3

/** Returns the C library of this process; `undefined` if nothing says which it is. */
export function libcOfProcess(): Libc | undefined {
  // Much quicker than the report, but it needs the permission to read the file.
  return libcOfProgram(process.execPath) ?? libcOfReport()
}

/** Whether a file is an ELF file that lacks its end. Loading such a file would kill the process. */
export function isTruncated(path: string): boolean {
  return (
    reading(path, (read, size) => {
      const header = read(0, 64)
      if (!isElf(header)) return false
      const tables = header.readBigUInt64LE(40) + BigInt(header.readUInt16LE(58) * header.readUInt16LE(60))
      return BigInt(size) < tables
    }) === true
  )
}

function libcOfProgram(path: string): Libc | undefined {
  return reading(path, read => {
    const header = read(0, 64)
    if (!isElf(header)) return undefined
    const table = read(Number(header.readBigUInt64LE(32)), header.readUInt16LE(56) * PROGRAM_HEADER)
    for (let at = 0; at + PROGRAM_HEADER <= table.length; at += PROGRAM_HEADER) {
      if (table.readUInt32LE(at) !== PT_INTERP) continue
      const [offset, length] = [table.readBigUInt64LE(at + 8), table.readBigUInt64LE(at + 32)]
      return libcOfName(read(Number(offset), Number(length)).toString('latin1'))
    }
    return undefined
  })
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

/** Whether this is the header of a 64-bit, little-endian ELF file. */
function isElf(header: Buffer): boolean {
  return header.length === 64 && header.readUInt32BE(0) === 0x7f454c46 && header[4] === 2 && header[5] === 1
}

/** Returns `undefined` for a file that cannot be read. */
function reading<T>(
  path: string,
  use: (read: (offset: number, length: number) => Buffer, size: number) => T,
): T | undefined {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const open = file
    const read = (offset: number, length: number) => {
      const buffer = Buffer.alloc(length)
      return buffer.subarray(0, readSync(open, buffer, 0, length, offset))
    }
    return use(read, fstatSync(open).size)
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}
