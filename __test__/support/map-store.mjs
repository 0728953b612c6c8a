/** A store in memory, in the clear, whose methods a test can make fail for some records. */
export class MapStore {
  durable = false
  records = new Map()
  /** Throws for the methods and ids that are to fail. */
  fail = (_method, _id) => {}

  load(id) {
    this.fail('load', id)
    return this.records.get(id)
  }

  swap(id, expected, content, due) {
    this.fail('swap', id)
    if ((this.records.get(id)?.version ?? 0) !== expected) return false
    this.records.set(id, { version: expected + 1, content: Uint8Array.from(content), due })
    return true
  }

  due(before, limit, after) {
    const order = (a, b) => a.due - b.due || (a.id < b.id ? -1 : Number(a.id > b.id))
    return [...this.records]
      .map(([id, { due }]) => ({ id, due }))
      .filter(place => place.due < before && (after === undefined || order(place, after) > 0))
      .sort(order)
      .slice(0, limit)
  }

  /** The content of a record as text. */
  textOf(id) {
    return Buffer.from(this.records.get(id).content).toString()
  }
}
