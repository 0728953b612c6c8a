// CSV: whatever an item holds, it is read again as it was written, and no cell is a formula.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { columnsOf, row, rowOf } from '../dist/output/csv.js'

/** Reads rows as RFC 4180 defines them, in another way than they are written. */
function parsed(text) {
  const rows = []
  let cells = []
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy
  for (let found = cell.exec(text); found !== null; found = cell.exec(text)) {
    const [, quoted, plain, end] = found
    cells.push(quoted?.replaceAll('""', '"') ?? plain)
    if (end === ',') continue
    rows.push(cells)
    cells = []
    if (cell.lastIndex === text.length) break
  }
  assert.equal(rows.flat().length > 0, text.length > 0)
  return rows
}

const piece = fc.constantFrom(
  '=',
  '+',
  '-',
  '@',
  '\t',
  '\r',
  '\n',
  '"',
  ',',
  "'",
  '＝',
  'a',
  ' ',
  ';',
  '\ud800',
  '日本',
)
const cell = fc.oneof(
  fc.array(piece, { maxLength: 8 }).map(pieces => pieces.join('')),
  fc.string({ unit: 'binary', maxLength: 20 }),
)
const seed = { seed: 1, numRuns: 10_000 }

test('every row is read again as it was written, but for what keeps a formula from being one', () => {
  const property = fc.property(fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 4 }), rows => {
    const read = parsed(rows.map(row).join(''))
    assert.equal(read.length, rows.length)
    for (const [at, cells] of read.entries()) {
      const written = rows[at]
      assert.equal(cells.length, written.length)
      for (const [index, text] of cells.entries()) {
        assert.ok(!/^[=+\-@\t\r＝＋－＠]/.test(text), JSON.stringify(text))
        assert.ok(text === written[index] || text === `'${written[index]}`, JSON.stringify([text, written[index]]))
      }
    }
  })
  fc.assert(property, seed)
})

test('items of any form make rows of as many cells as there are columns', () => {
  const property = fc.property(fc.array(fc.jsonValue({ maxDepth: 3 }), { minLength: 1, maxLength: 4 }), items => {
    const columns = columnsOf(items)
    for (const item of items) {
      const [cells, ...others] = parsed(rowOf(item, columns))
      assert.equal(others.length, 0)
      // A row without columns is one empty cell.
      assert.equal(cells.length, Math.max(1, columns.length))
      assert.ok(!cells.some(text => /^[=+@\t\r＝＋＠]/.test(text)))
    }
  })
  fc.assert(property, seed)
})
