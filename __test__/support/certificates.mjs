/** Certificates of a test run: an authority of its own, and what it has signed. */

import { generate } from 'selfsigned'

const attributes = name => [{ name: 'commonName', value: name }]

/** Makes an authority. */
export async function authority(name = 'Authority of the tests') {
  const extensions = [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
  ]
  return pair(await generate(attributes(name), { ...EC, extensions }))
}

/** Has it sign a certificate for a server: loopback, or the host names given. */
export function serverCertificate(ca, names = ['localhost']) {
  return issue(ca, names[0], [
    { name: 'extKeyUsage', serverAuth: true },
    {
      name: 'subjectAltName',
      altNames: [
        ...names.map(value => ({ type: 2, value })),
        ...(names.includes('localhost') ? [{ type: 7, ip: '127.0.0.1' }] : []),
      ],
    },
  ])
}

/** Has it sign a certificate for a client. */
export function clientCertificate(ca, name) {
  return issue(ca, name, [{ name: 'extKeyUsage', clientAuth: true }])
}

const EC = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' }

async function issue(ca, name, extensions) {
  const options = { ...EC, ca, extensions: [{ name: 'basicConstraints', cA: false }, ...extensions] }
  return pair(await generate(attributes(name), options))
}

/** As files hold them: each ends its last line, so that they can be put one after another. */
function pair({ cert, private: key }) {
  return { cert: `${cert.trim()}\n`, key: `${key.trim()}\n` }
}
