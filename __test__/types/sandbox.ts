/** The sandbox's routes know their parameters, and its data its collections. */

import { type SandboxData, startSandbox } from 'smartrecruiters-sandbox'
import { type Equal, holds } from './assertions.js'

export async function uses(path: string): Promise<void> {
  const data: SandboxData = { jobs: [{ id: '1', title: 'Nurse', location: { city: 'Berlin' } }] }
  await using sandbox = await startSandbox({ data })

  sandbox.route('GET', '/offers/{id}/documents/{documentId}', ({ params, body, query }) => {
    holds<Equal<typeof params, Readonly<Record<'id' | 'documentId', string>>>>()
    holds<Equal<typeof body, unknown>>()
    return { status: 201, body: query.getAll('a') }
  })
  sandbox.route('POST', path, async ({ params }) => params.anything)
  // @ts-expect-error: no such parameter
  sandbox.route('GET', '/offers/{id}', ({ params }) => params.jobId)
  // @ts-expect-error: no such method
  sandbox.route('FETCH', '/offers', () => [])

  const sent: unknown = await (await sandbox.nextRequest()).json()
  const bytes: Uint8Array[] = await Promise.all(sandbox.requests().map(request => request.bytes()))
  console.log(sent, bytes)

  // @ts-expect-error: no such collection
  await startSandbox({ data: { people: [] } })
  // @ts-expect-error: a record has an id
  await startSandbox({ data: { jobs: [{ title: 'Nurse' }] } })
}
