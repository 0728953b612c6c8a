/** What an ELF file needs: libraries, and versions of their symbols. */

const DYNAMIC = 6
const VERNEED = 0x6ffffffe
const NEEDED = 1n

/** Returns the names of the libraries that a 64-bit little-endian file needs, and the versions that it needs of each. */
export function needs(file) {
  if (file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1) throw new Error('not a 64-bit ELF file')
  const sections = sectionsOf(file)
  const dynamic = sections.find(({ type }) => type === DYNAMIC)
  if (dynamic === undefined) throw new Error('not a dynamic ELF file')
  const nameAt = at => text(file, sections[dynamic.link].offset + at)
  const libraries = []
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
    if (file.readBigInt64LE(at) === NEEDED) libraries.push(nameAt(Number(file.readBigUInt64LE(at + 8))))
  }
  const table = sections.find(({ type }) => type === VERNEED)
  return { libraries, versions: table === undefined ? [] : versionsOf(file, table, nameAt) }
}

/** Returns the highest glibc that one of these versions belongs to, such as `2.17`; `undefined` if none does. */
export function glibcOf(versions) {
  const numbers = versions.map(version => /^GLIBC_([\d.]+)$/.exec(version)?.[1]).filter(number => number !== undefined)
  return numbers.sort((one, two) => one.localeCompare(two, 'en', { numeric: true })).at(-1)
}

function sectionsOf(file) {
  const [start, size, count] = [Number(file.readBigUInt64LE(40)), file.readUInt16LE(58), file.readUInt16LE(60)]
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * size
    return {
      type: file.readUInt32LE(at + 4),
      offset: Number(file.readBigUInt64LE(at + 24)),
      size: Number(file.readBigUInt64LE(at + 32)),
      link: file.readUInt32LE(at + 40),
      entries: file.readUInt32LE(at + 44),
    }
  })
}

/** The table has an entry for each library, and each of them a chain of versions. */
function versionsOf(file, table, nameAt) {
  const versions = []
  let entry = table.offset
  for (let left = table.entries; left > 0; left--) {
    let version = entry + file.readUInt32LE(entry + 8)
    for (let more = file.readUInt16LE(entry + 2); more > 0; more--) {
      versions.push(nameAt(file.readUInt32LE(version + 8)))
      version += file.readUInt32LE(version + 12)
    }
    entry += file.readUInt32LE(entry + 12)
  }
  return versions
}

function text(file, at) {
  return file.toString('latin1', at, file.indexOf(0, at))
}
