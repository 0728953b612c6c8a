// A DNS server that refuses, fails, hangs, or changes its mind.

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { ENCRYPTION_KEY } from '../../__test__/support/stores.mjs'
import { needs, runProgram } from '../support/children.mjs'

const skip = needs({ root: true, programs: { ip: 'iproute2' } })

let results
before(async () => {
  if (skip) return
  const folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-'))
  const [resolver, order] = [join(folder, 'resolv.conf'), join(folder, 'nsswitch.conf')]
  await writeFile(resolver, 'nameserver 127.0.0.1\n')
  await writeFile(order, 'hosts: files dns\n')
  const { code, stdout, stderr } = await runProgram(
    'dns-user',
    { path: join(folder, 'grants.sqlite'), encryptionKey: ENCRYPTION_KEY },
    {
      wrapper: ['unshare', '--mount', '--net'],
      before: `ip link set lo up && mount --bind ${resolver} /etc/resolv.conf && mount --bind ${order} /etc/nsswitch.conf`,
    },
  )
  await rm(folder, { recursive: true })
  assert.equal(code, 0, stderr)
  results = JSON.parse(stdout)
})

test('names that do not exist, and a server that fails', { skip }, t => {
  assert.deepEqual(results.unknown, { code: 'NETWORK', kind: 'dns', sent: false, cause: 'ENOTFOUND' })
  assert.deepEqual(results.broken, { code: 'NETWORK', kind: 'dns', sent: false, cause: 'EAI_AGAIN' })
  t.diagnostic('figure: NXDOMAIN is ENOTFOUND and SERVFAIL is EAI_AGAIN; the next call asks again, and succeeds')
})

test('a name that leads elsewhere', { skip }, t => {
  assert.deepEqual(results.tunnels, ['127.0.0.1', '127.0.0.2'])
  t.diagnostic('figure: the next connection goes to the new address')
})

test('512 look-ups that hang, while an address is called', { skip }, t => {
  assert.ok(results.asked >= 450, `${results.asked} look-ups`)
  assert.equal(results.hanging.length, 1)
  assert.match(results.hanging[0], /"sent":false/)
  assert.equal(results.order[0], 'an address')
  t.diagnostic('figure: the call is answered before any of them ends; each of the 512 ends in a typed error')
})

test('512 look-ups that hang, while another name and a store are used', { skip }, t => {
  assert.deepEqual(results.order.slice(0, 3).toSorted(), ['a name', 'a store', 'an address'])
  t.diagnostic('figure: both are answered before any of them ends')
})
