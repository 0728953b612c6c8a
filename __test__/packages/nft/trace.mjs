// Copies into `traced` what the program needs, as the deployments of Vercel and Netlify do.

import { cp } from 'node:fs/promises'
import { nodeFileTrace } from '@vercel/nft'

const { fileList } = await nodeFileTrace(['app.mjs'])
for (const file of fileList) await cp(file, `traced/${file}`)
