// Everything that the gate tries. A cell is a row of `docs/compatibility.md`; each of its columns is a function that
// rejects if the package does not work there. Cells that are `light` run in CI too.

import { bundlerCells } from './bundlers.mjs'
import { gitCells } from './git.mjs'
import { managerCells } from './managers.mjs'
import { runtimeCells } from './runtimes.mjs'

export const CELLS = [...managerCells, ...runtimeCells, ...bundlerCells, ...gitCells]

/** Runs a cell. Each of its columns becomes `true`, or the reason why it failed. */
export async function results({ columns, ...cell }, world) {
  const all = {}
  for (const [column, works] of Object.entries(columns)) {
    all[column] = await works(world).then(
      () => true,
      error => error.message,
    )
  }
  return { ...cell, columns: all }
}
