import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { withSandbox } from './support.mjs'

const sha256 = bytes => createHash('sha256').update(bytes).digest('hex')

async function upload(client, bytes, fields = { attachmentType: 'RESUME' }) {
  const { content: jobs } = await (await client.get('/jobs?limit=1')).json()
  const { content: candidates } = await (await client.get('/candidates?limit=1')).json()
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  if (bytes) form.set('file', new Blob([bytes], { type: 'text/plain' }), 'cv.txt')
  const path = `/candidates/${candidates[0].id}/jobs/${jobs[0].id}/attachments`
  return { candidate: candidates[0], answer: await client.get(path, { method: 'POST', body: form }) }
}

describe('an upload', () => {
  it(
    'is counted, hashed, listed and can be fetched again',
    withSandbox({ limits: false }, async (sandbox, client) => {
      const { candidate, answer } = await upload(client, 'a résumé')
      const attachment = await answer.json()
      assert.equal(answer.status, 201)
      assert.deepEqual([attachment.name, attachment.type, attachment.size], ['cv.txt', 'RESUME', 10])
      assert.equal(attachment.sha256, sha256('a résumé'))
      assert.deepEqual(sandbox.counters().uploads, { files: 1, bytes: 10 })

      const list = await (await client.get(`/candidates/${candidate.id}/attachments`)).json()
      const listed = list.content.find(({ id }) => id === attachment.id)
      const file = await fetch(listed.actions.download.url, { headers: { 'x-smarttoken': sandbox.apiKey } })
      assert.equal(await file.text(), 'a résumé')
    }),
  )

  it(
    'may be larger than any buffer limit',
    withSandbox({ limits: false }, async (_sandbox, client) => {
      const bytes = Buffer.alloc(20 * 1024 * 1024, 'abc')
      const attachment = await (await upload(client, bytes)).answer.json()
      assert.deepEqual([attachment.size, attachment.sha256], [bytes.length, sha256(bytes)])
    }),
  )

  it(
    'without a file, or of an unknown type, is refused',
    withSandbox({ limits: false }, async (sandbox, client) => {
      const code = async answer => (await answer.json()).errors[0].code
      assert.equal(await code((await upload(client, undefined)).answer), 'INVALID_FILE')
      assert.equal(await code((await upload(client, 'x', { attachmentType: 'CAT' })).answer), 'INVALID_ATTACHMENT_TYPE')
      assert.equal(sandbox.counters().uploads.files, 0)
    }),
  )
})

describe('a download', () => {
  it(
    'redirects to another origin, which serves the bytes and tells which credentials it saw',
    withSandbox({ limits: false }, async (sandbox, client) => {
      const { content } = await (await client.get('/candidates?limit=1')).json()
      const list = await (await client.get(`/candidates/${content[0].id}/attachments`)).json()
      const [resume] = list.content
      const redirect = await fetch(resume.actions.download.url, {
        headers: { 'x-smarttoken': sandbox.apiKey },
        redirect: 'manual',
      })
      const target = redirect.headers.get('location')
      assert.equal(redirect.status, 302)
      assert.equal(new URL(target).origin, sandbox.foreignUrl)
      assert.notEqual(sandbox.foreignUrl, sandbox.baseUrl)

      const bytes = Buffer.from(await (await fetch(target)).arrayBuffer())
      assert.deepEqual([bytes.length, sha256(bytes)], [resume.size, resume.sha256])
      await (await fetch(target, { headers: { 'x-smarttoken': 'leak', cookie: 'a=b' } })).arrayBuffer()
      assert.deepEqual(sandbox.counters().foreign, {
        requests: 2,
        credentialHeaders: { authorization: 0, 'x-smarttoken': 1, cookie: 1 },
      })
    }),
  )

  it(
    'of any size there is, and of none that is not signed',
    withSandbox({ limits: false }, async (sandbox, client) => {
      const redirect = await client.get('/candidates/attachments/size-3000000')
      const file = await fetch(redirect.headers.get('location'))
      assert.equal((await file.arrayBuffer()).byteLength, 3_000_000)
      assert.equal((await fetch(`${sandbox.foreignUrl}/files/size-10`)).status, 403)
      assert.equal((await client.get('/candidates/attachments/none')).status, 404)
    }),
  )
})
