// The consumer's program in a worker thread alone, twice: the addon is loaded, unloaded, and loaded again.

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

for (const round of [1, 2]) {
  const worker = new Worker(new URL('import.mjs', import.meta.url))
  const [code] = await once(worker, 'exit')
  if (code !== 0) throw new Error(`round ${round} ended with ${code}`)
}
