// TLS as Node has it: whom `ca` makes trusted, judged beside node:https by the same certificates; and why a connection
// failed, in words.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createServer as createTlsServer, get } from 'node:https'
import { createServer as createRawServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { generate } from 'selfsigned'
import {
  ApiKey,
  ConfigurationError,
  NetworkError,
  PostgresStore,
  RedisLimits,
  RedisStore,
  SmartRecruiters,
} from 'smartrecruiters'
import { authority, clientCertificate, serverCertificate } from './support/certificates.mjs'
import { programPath } from './support/programs.mjs'
import { failure, listen } from './support/servers.mjs'

const run = promisify(execFile)
const DAY = 24 * 3600 * 1000

let folder
let openssl

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-'))
  openssl = programPath('openssl', 'openssl')
})
after(() => rm(folder, { recursive: true }))

let files = 0
const file = () => join(folder, String(++files))

/** A key of these kinds, or what `openssl genpkey` is told. */
async function privateKey(...kind) {
  const path = file()
  const options = kind.length > 0 ? kind : ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']
  await run(openssl, ['genpkey', ...options, '-out', path])
  return path
}

/** What `openssl req -x509` makes by default: a certificate that may issue others, signed by its own key. */
async function selfSigned({ name = 'localhost', alternatives, key, extensions = [] } = {}) {
  const path = file()
  const keyFile = key ?? (await privateKey())
  const more = [...(alternatives ? [`subjectAltName=${alternatives}`] : []), ...extensions]
  await run(openssl, [
    ...['req', '-new', '-x509', '-days', '2', '-key', keyFile, '-out', path, '-subj', `/CN=${name}`],
    ...more.flatMap(extension => ['-addext', extension]),
  ])
  return { cert: await readFile(path, 'utf8'), key: await readFile(keyFile, 'utf8') }
}

/** A certificate signed by its own key or by `issuer`: of X.509 version 1, unless it has extensions. */
async function signed({ name = 'localhost', issuer, extensions } = {}) {
  const [keyFile, request, path] = [await privateKey(), file(), file()]
  await run(openssl, ['req', '-new', '-key', keyFile, '-out', request, '-subj', `/CN=${name}`])
  const signing = ['-signkey', keyFile]
  if (issuer) {
    const [certificateFile, issuerKey] = [file(), file()]
    await writeFile(certificateFile, issuer.cert)
    await writeFile(issuerKey, issuer.key)
    signing.splice(0, 2, '-CA', certificateFile, '-CAkey', issuerKey, '-CAcreateserial')
  }
  if (extensions) {
    const extensionsFile = file()
    await writeFile(extensionsFile, extensions)
    signing.push('-extfile', extensionsFile)
  }
  await run(openssl, ['x509', '-req', '-in', request, '-days', '2', '-out', path, ...signing])
  const text = (await run(openssl, ['x509', '-in', path, '-noout', '-text'])).stdout
  assert.match(text, extensions ? /Version: 3 / : /Version: 1 /)
  return { cert: await readFile(path, 'utf8'), key: await readFile(keyFile, 'utf8') }
}

/** A self-signed certificate of these dates. */
async function dated(notBeforeDate, notAfterDate) {
  const extensions = [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
  ]
  const options = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256', extensions, notBeforeDate, notAfterDate }
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], options)
  return { cert: `${cert.trim()}\n`, key: `${key.trim()}\n` }
}

async function serveTls(t, certificate, options = {}) {
  const server = createTlsServer({ ...certificate, ...options }, (_, response) => {
    response.setHeader('content-type', 'application/json')
    response.end('true')
  })
  server.on('tlsClientError', () => {})
  return listen(t, server)
}

const client = options =>
  new SmartRecruiters({ credential: new ApiKey('key'), retries: 0, limits: false, proxy: false, ...options })

const call = (port, ca, host = 'localhost', options = {}) =>
  client({ baseUrl: `https://${host}:${port}`, ca, ...options }).get('/')

/** Whether node:https believes the same server with the same `ca`. */
async function nodeBelieves(port, ca, host = 'localhost') {
  const request = get(`https://${host}:${port}/`, { ca, agent: false })
  try {
    const [response] = await once(request, 'response')
    response.resume()
    return true
  } catch {
    return false
  }
}

/** The messages of an error and of all its causes. */
function told(error) {
  const messages = []
  for (let current = error; current; current = current.cause) messages.push(current.message)
  return messages.join(' | ')
}

test('`ca` makes the same servers trusted as in node:https', async t => {
  const root = await authority()
  const rootOfVersion1 = await signed({ name: 'Old root' })
  const issued = await serverCertificate(root)
  const plain = await selfSigned()
  const now = Date.now()
  const cases = {
    'what openssl req -x509 makes': { server: plain, ca: plain.cert, believed: true },
    'it among others': { server: plain, ca: root.cert + plain.cert, believed: true },
    'it in a list': { server: plain, ca: [root.cert, plain.cert], believed: true },
    'not given': { server: plain, ca: root.cert, believed: false },
    'a name in subjectAltName': { ...(await own({ name: 'x', alternatives: 'DNS:localhost' })), believed: true },
    'another name in subjectAltName': { ...(await own({ alternatives: 'DNS:other.test' })), believed: false },
    'another common name': { ...(await own({ name: 'other.test' })), believed: false },
    'an address in subjectAltName': {
      ...(await own({ name: 'x', alternatives: 'IP:127.0.0.1' })),
      host: '127.0.0.1',
      believed: true,
    },
    'an address as common name': { ...(await own({ name: '127.0.0.1' })), host: '127.0.0.1', believed: false },
    'a host name beside an address': { ...(await own({ alternatives: 'IP:127.0.0.1' })), believed: true },
    'not for servers': { ...(await own({ extensions: ['extendedKeyUsage=clientAuth'] })), believed: false },
    'for servers': { ...(await own({ extensions: ['extendedKeyUsage=serverAuth'] })), believed: true },
    'an RSA key': { ...(await own({ key: await privateKey('-algorithm', 'RSA') })), believed: true },
    'a P-384 key': {
      ...(await own({ key: await privateKey('-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384') })),
      believed: true,
    },
    expired: { ...of(await dated(new Date(now - 3 * DAY), new Date(now - DAY))), believed: false },
    'not yet valid': { ...of(await dated(new Date(now + DAY), new Date(now + 3 * DAY))), believed: false },
    'of version 1': { ...of(await signed()), believed: true },
    'of version 1, for another host': { ...of(await signed({ name: 'other.test' })), believed: false },
    'issued by a root': { server: issued, ca: root.cert, believed: true },
    'issued by a root of version 1': {
      server: await signed({ issuer: rootOfVersion1, extensions: 'subjectAltName=DNS:localhost' }),
      ca: rootOfVersion1.cert,
      believed: true,
    },
  }
  for (const [name, { server, ca, host, believed }] of Object.entries(cases)) {
    const port = await serveTls(t, server)
    assert.equal(await nodeBelieves(port, ca, host), believed, `node:https: ${name}`)
    const outcome = await call(port, ca, host).catch(error => error)
    assert.equal(outcome === true, believed, `${name}: ${told(outcome)}`)
  }
  async function own(options) {
    return of(await selfSigned(options))
  }
  function of(certificate) {
    return { server: certificate, ca: certificate.cert }
  }
})

test('a certificate that was given is believed over TLS 1.2 too', async t => {
  for (const certificate of [await selfSigned(), await signed()]) {
    const port = await serveTls(t, certificate, { maxVersion: 'TLSv1.2' })
    assert.equal(await call(port, certificate.cert), true)
  }
})

test('a key other than that of the certificate that was given convinces nobody', async t => {
  const [mine, other] = [await signed(), await signed()]
  const port = await serveTls(t, other)
  assert.equal((await failure(call(port, mine.cert))).kind, 'tls')
})

test('what the certificate that was given has issued is believed as before', async t => {
  const root = await authority()
  const port = await serveTls(t, await serverCertificate(root, ['other.test']))
  // To trust an authority is not to trust it for any name.
  assert.equal((await failure(call(port, root.cert))).kind, 'tls')
})

test('each failure says why, what was found, and what to do', async t => {
  const root = await authority('Unknown authority')
  const unknown = await serverCertificate(root)
  const now = Date.now()
  const expired = await dated(new Date(now - 3 * DAY), new Date(now - DAY))
  const early = await dated(new Date(now + DAY), new Date(now + 3 * DAY))
  const plain = await selfSigned()
  const named = await serverCertificate(root, ['api.example.test', '*.example.org'])
  for (const [server, ca, words] of [
    [unknown, undefined, [/issued by "Unknown authority", which is not a trusted authority/, /`ca`/]],
    [
      { ...unknown, cert: unknown.cert + root.cert },
      undefined,
      [/self-signed certificate of "Unknown authority"/, /`ca`/],
    ],
    [plain, undefined, [/is self-signed, and not one that is trusted/, /give it as `ca`/]],
    [expired, expired.cert, [/expired on \w{3}, \d\d \w{3} \d{4} /, /renewed/]],
    [early, early.cert, [/not valid before \w{3}, \d\d/, /clock/]],
    [named, root.cert, [/is not for localhost, but for api\.example\.test, \*\.example\.org/, /subjectAltName/]],
    [await signed({ issuer: root }), root.cert, [/not of X\.509 version 3/, /this very certificate as `ca`/]],
  ]) {
    const error = await failure(call(await serveTls(t, server), ca))
    assert.ok(error instanceof NetworkError)
    assert.equal(error.kind, 'tls')
    for (const pattern of words) assert.match(told(error), pattern)
  }
})

test('a server that speaks no TLS, or no version of it that is supported, is named', async t => {
  const plain = await listen(
    t,
    createServer((_, response) => response.end()),
  )
  assert.match(told(await failure(call(plain))), /does not speak TLS on this port/)
  const silent = createRawServer(socket => socket.on('error', () => {}).once('data', () => socket.end()))
  assert.match(told(await failure(call(await listen(t, silent)))), /closed the connection during the TLS handshake/)
  const certificate = await selfSigned()
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
  const port = await serveTls(t, certificate, old)
  assert.match(told(await failure(call(port, certificate.cert))), /supports neither TLS 1\.2 nor TLS 1\.3/)
})

test('a server that asks for a client certificate is named, and takes those of version 1', async t => {
  const root = await authority()
  const server = await serverCertificate(root)
  const demanding = { requestCert: true, rejectUnauthorized: true, ca: root.cert }
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
    const port = await serveTls(t, server, { ...demanding, maxVersion })
    const stranger = await clientCertificate(await authority('Another'), 'a stranger')
    for (const own of [{}, stranger]) {
      const error = await failure(call(port, root.cert, 'localhost', own))
      assert.ok(error instanceof NetworkError)
      // In TLS 1.3 the refusal comes after the handshake, and a reset of the connection may overtake it.
      if (maxVersion === 'TLSv1.2') assert.match(told(error), /client certificate/)
    }
    for (const own of [await clientCertificate(root, 'me'), await signed({ name: 'me', issuer: root })]) {
      assert.equal(await call(port, root.cert, 'localhost', own), true)
    }
  }
})

test('a client key is taken in each format, and a wrong one is refused for what it is', async t => {
  const root = await authority()
  const port = await serveTls(t, await serverCertificate(root), {
    requestCert: true,
    rejectUnauthorized: false,
  })
  const converted = async (key, ...options) => {
    const path = file()
    await writeFile(path, key)
    return (await run(openssl, [...options, '-in', path])).stdout
  }
  const ec = await selfSigned()
  const rsa = await selfSigned({ key: await privateKey('-algorithm', 'RSA') })
  const ed25519 = await selfSigned({ key: await privateKey('-algorithm', 'ED25519') })
  const sec1 = await converted(ec.key, 'ec')
  assert.match(sec1, /BEGIN EC PRIVATE KEY/)
  const pkcs1 = await converted(rsa.key, 'rsa', '-traditional')
  assert.match(pkcs1, /BEGIN RSA PRIVATE KEY/)
  for (const own of [ec, rsa, ed25519, { ...ec, key: sec1 }, { ...rsa, key: pkcs1 }]) {
    assert.equal(await call(port, root.cert, 'localhost', own), true)
  }
  const encrypted = await converted(ec.key, 'pkcs8', '-topk8', '-passout', 'pass:canary')
  const traditional = await converted(rsa.key, 'rsa', '-traditional', '-aes128', '-passout', 'pass:canary')
  const dsa = await converted(ec.key, 'pkey', '-pubout')
  for (const [key, cert, pattern] of [
    [encrypted, ec.cert, /is encrypted; .*openssl pkey/],
    [traditional, rsa.cert, /is encrypted; .*openssl pkey/],
    [dsa, ec.cert, /must be a private key in PEM/],
    [rsa.key, ec.cert, /must be the private key of `cert`/],
  ]) {
    assert.throws(
      () => client({ cert, key }),
      error => error instanceof ConfigurationError && error.field === 'key' && pattern.test(error.message),
    )
  }
})

/** One call in a process of its own, whose environment has these variables and no others that name authorities. */
async function callWith(variables, options) {
  const others = /^(ssl_cert_(file|dir)|node_extra_ca_certs|node_use_system_ca|node_options|https?_proxy|all_proxy)$/i
  const rest = Object.entries(process.env).filter(([name]) => !others.test(name))
  const program = fileURLToPath(new URL('./processes/connect.mjs', import.meta.url))
  const env = { ...Object.fromEntries(rest), ...variables }
  const { stdout } = await run(process.execPath, [program, JSON.stringify(options)], { env, timeout: 60_000 })
  return JSON.parse(stdout)
}

test('the environment names files and folders of authorities, and the own certificates of servers', async t => {
  const root = await authority()
  const plain = await selfSigned()
  const [rooted, own] = [await serveTls(t, await serverCertificate(root)), await serveTls(t, plain)]
  const directory = join(folder, 'authorities')
  await mkdir(join(directory, 'empty'), { recursive: true })
  await writeFile(join(directory, 'README'), 'No certificate.')
  await writeFile(join(directory, '0a1b2c3d.0'), root.cert)
  await writeFile(join(directory, 'own.pem'), plain.cert)
  const bundle = join(folder, 'bundle.pem')
  await writeFile(bundle, root.cert + plain.cert)
  for (const variables of [
    { SSL_CERT_DIR: directory },
    { SSL_CERT_DIR: `${join(directory, 'empty')}${process.platform === 'win32' ? ';' : ':'}${directory}` },
    { SSL_CERT_FILE: bundle },
    { NODE_EXTRA_CA_CERTS: bundle },
  ]) {
    for (const port of [rooted, own]) {
      const { data, error } = await callWith(variables, { baseUrl: `https://localhost:${port}` })
      assert.equal(data, true, `${JSON.stringify(variables)}: ${error?.message}`)
    }
  }
  const missing = await callWith({ SSL_CERT_DIR: join(folder, 'none') }, { baseUrl: `https://localhost:${own}` })
  assert.deepEqual([missing.error.code, missing.error.field], ['CONFIGURATION', 'SSL_CERT_DIR'])
})

test('the roots of the operating system are trusted by those who ask for them', async t => {
  // What SSL_CERT_FILE names is the system's store to those who read it by OpenSSL's rules.
  const root = await authority()
  const port = await serveTls(t, await serverCertificate(root))
  const given = { NODE_USE_SYSTEM_CA: '1', SSL_CERT_FILE: file() }
  await writeFile(given.SSL_CERT_FILE, root.cert)
  const baseUrl = `https://localhost:${port}`
  assert.equal((await callWith(given, { baseUrl })).data, true)
  for (const ca of ['system', ['system', root.cert], `${root.cert}\nsystem\n`]) {
    const { data, error } = await callWith({ SSL_CERT_FILE: given.SSL_CERT_FILE }, { baseUrl, ca })
    assert.equal(data, true, error?.message)
  }
  for (const ca of ['System', 'systems', 'system root']) {
    assert.throws(() => client({ ca }), { name: 'ConfigurationError', field: 'ca' })
  }
})

test('`ca` has one form everywhere', () => {
  const url = { redis: 'rediss://:canary@127.0.0.1', postgres: 'postgres://u:canary@127.0.0.1/db?sslmode=require' }
  const makers = [
    ca => client({ ca }),
    ca => new RedisStore({ url: url.redis, ca }),
    ca => new RedisLimits({ url: url.redis, ca }),
    ca => new PostgresStore({ url: url.postgres, ca }),
  ]
  return Promise.all(
    makers.map(async make => {
      const { cert } = await selfSigned()
      for (const ca of [cert, Buffer.from(cert), new TextEncoder().encode(cert), [cert], [Buffer.from(cert), cert]])
        make(ca)
      for (const ca of ['', 'canary', [], [7], [cert, null], {}, 7, null]) {
        assert.throws(
          () => make(ca),
          error => error instanceof ConfigurationError && /^ca/.test(error.field) && !/canary/.test(error.message),
          String(ca),
        )
      }
    }),
  )
})

test('a store in Redis without TLS takes no `ca`, which would check nothing', async () => {
  const { cert } = await selfSigned()
  assert.throws(() => new RedisStore({ url: 'redis://127.0.0.1', ca: cert }), { field: 'ca', message: /rediss:/ })
})
