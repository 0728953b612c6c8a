/** A store as a user would write it: a file for each version of a record, made by an atomic link. */

import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readdir, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'

export class FileStore {
  #folder

  constructor({ folder }) {
    this.#folder = folder
  }

  async load(id) {
    const records = join(this.#folder, Buffer.from(id).toString('hex'))
    const versions = await readdir(records).catch(() => [])
    const version = Math.max(0, ...versions.filter(name => /^\d+$/.test(name)).map(Number))
    if (version === 0) return undefined
    const { content } = JSON.parse(await readFile(join(records, String(version)), 'utf8'))
    return { version, content: Buffer.from(content, 'base64') }
  }

  async swap(id, expected, content, due) {
    const records = join(this.#folder, Buffer.from(id).toString('hex'))
    await mkdir(records, { recursive: true })
    if (((await this.load(id))?.version ?? 0) !== expected) return false
    const temporary = join(records, `new-${randomUUID()}`)
    const file = await open(temporary, 'w')
    await file.writeFile(JSON.stringify({ content: Buffer.from(content).toString('base64'), due }))
    await file.sync()
    await file.close()
    try {
      // Fails if somebody else made this version.
      await link(temporary, join(records, String(expected + 1)))
      return true
    } catch (error) {
      if (error.code === 'EEXIST') return false
      throw error
    } finally {
      await unlink(temporary)
    }
  }

  async due(before, limit, after) {
    const found = []
    for (const name of await readdir(this.#folder)) {
      const versions = (await readdir(join(this.#folder, name))).filter(entry => /^\d+$/.test(entry)).map(Number)
      if (versions.length === 0) continue
      const newest = join(this.#folder, name, String(Math.max(...versions)))
      const { due } = JSON.parse(await readFile(newest, 'utf8'))
      if (due < before) found.push({ due, id: Buffer.from(name, 'hex').toString() })
    }
    const order = (a, b) => a.due - b.due || (a.id < b.id ? -1 : Number(a.id > b.id))
    const rest = found.filter(entry => after === undefined || order(entry, after) > 0)
    return rest.sort(order).slice(0, limit)
  }
}
