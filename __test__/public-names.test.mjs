// One concept, one name: across the addon's declarations, the face's declarations, and the public items of the crate.
// ARCHITECTURE.md has the glossary; the tables here hold what a program can check of it.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('..', import.meta.url)).replaceAll('\\', '/')

/**
 * Each concept with its name, and names for the same concept that must not stand beside it. A name in lower case is a
 * word in any name (`GrantStanding`, `customer_standing`); one that begins with a capital is a whole name.
 */
const CONCEPTS = [
  { concept: 'the state of a grant or customer', name: 'state', not: ['standing', 'standings'] },
  {
    concept: "a credential's hash, by which limits are counted",
    name: 'CredentialId',
    not: ['identity', 'identities'],
  },
  { concept: 'a certificate of the client, for TLS', name: 'ClientCertificate', not: ['Identity'] },
  { concept: 'one request to the token endpoint', name: 'exchange', not: ['flight', 'flights', 'Landed'] },
  { concept: 'the current token of a source', name: 'CurrentToken', not: ['Held'] },
  { concept: 'what a token endpoint is asked for', name: 'TokenRequest', not: ['GrantRequest', 'GrantForm'] },
  { concept: "an endpoint's requests, under the limiter's lock", name: 'Endpoint', not: ['Bucket', 'Guard', 'Slots'] },
  { concept: 'a permit of a shared window', name: 'permit', not: ['News', 'Remote'] },
  { concept: 'a place in a list', name: 'Position', not: ['Course', 'Tally', 'Spot'] },
  {
    concept: "a company's id at SmartRecruiters",
    name: 'companyId',
    not: ['companyIdentifier', 'CompanyKey', 'tenantId'],
  },
  { concept: 'the URL of the API root', name: 'baseUrl', not: ['apiUrl', 'apiRoot', 'rootUrl', 'apiBase'] },
  { concept: 'the URL of the token endpoint', name: 'tokenUrl', not: ['tokenEndpointUrl', 'tokenUri'] },
  { concept: 'the redirect URI (RFC 6749 section 3.1.2)', name: 'redirectUri', not: ['redirectUrl', 'callbackUri'] },
  { concept: 'when a token expires', name: 'expiresAt', not: ['expiry', 'expiration', 'validUntil'] },
  { concept: 'the notes about a grant', name: 'metadata', not: ['annotations', 'Notes', 'labels'] },
  { concept: 'the key that encrypts records', name: 'encryptionKey', not: ['sealKey', 'cryptoKey', 'secretKey'] },
  { concept: 'the time in which one process alone may exchange', name: 'lease', not: ['lock', 'locks', 'mutex'] },
]

/** What the first parameters of a function are called that starts a call of the addon. */
const START = ['completions', 'callId']

/** The names that TypeScript files declare, with the types among them and the parameters of what starts a call. */
function declared(files) {
  const found = { names: new Set(), types: [], starts: [] }
  const visit = (node, file) => {
    if (ts.isNamedTupleMember(node) || ('name' in node && node.name && ts.isIdentifier(node.name))) {
      found.names.add(node.name.text)
    }
    const isType = ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)
    if (isType && node.name) found.types.push({ name: node.name.text, file })
    if (ts.isMethodDeclaration(node) || ts.isFunctionDeclaration(node)) {
      const parameters = node.parameters.map(({ name }) => name.getText())
      if (node.parameters[0]?.type?.getText() === 'NativeCompletions') {
        found.starts.push({ name: `${node.parent.name?.text ?? file}.${node.name.text}`, parameters })
      }
    }
    ts.forEachChild(node, child => visit(child, file))
  }
  for (const [file, text] of Object.entries(files)) {
    visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true), file)
  }
  return found
}

/** The public items and fields of Rust files, with the types among them. Re-exports are left out. */
function published(files) {
  const found = { names: new Set(), types: [] }
  const item = /^\s*pub (?:(?:const|async|unsafe) )*(fn|struct|enum|trait|type|const|static|mod) (\w+)|^\s*pub (\w+):/gm
  for (const [file, text] of Object.entries(files)) {
    for (const [, kind, name, field] of text.matchAll(item)) {
      found.names.add(name ?? field)
      if (['struct', 'enum', 'trait', 'type'].includes(kind)) found.types.push({ name, file })
    }
  }
  return found
}

function words(name) {
  return name
    .split(/_|(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/)
    .map(word => word.toLowerCase())
    .filter(word => word !== '')
}

/** Those of `names` that are `name`, written as in TypeScript or as in Rust, or that have it as a word. */
function uses(names, name) {
  const wanted = words(name).join('_')
  const isWord = /^[a-z]+$/.test(name)
  return [...names].filter(other =>
    isWord ? words(other).includes(name) && !isInFlight(other, name) : words(other).join('_') === wanted,
  )
}

/** "In flight" is the usual term for a request that was sent and not answered; "flight" alone is not. */
function isInFlight(name, word) {
  return word === 'flight' && words(name).join(' ').includes('in flight')
}

/** The names that stand beside the one that their concept has. */
function rivals(names, concepts = CONCEPTS) {
  return concepts.flatMap(({ concept, name, not }) =>
    not.flatMap(rival => uses(names, rival).map(found => `${found}: ${concept} is called ${name}`)),
  )
}

/** The names that more than one type has. */
function homonyms(types) {
  const places = new Map()
  for (const { name, file } of types) places.set(name, [...(places.get(name) ?? []), file])
  return [...places].filter(([, found]) => found.length > 1).map(([name, found]) => `${name}: ${found.join(', ')}`)
}

function read(folder, ending) {
  const paths = readdirSync(root + folder, { recursive: true })
    .map(path => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter(path => path.endsWith(ending))
  return Object.fromEntries(paths.map(path => [path, readFileSync(root + path, 'utf8')]))
}

const { 'dist/api.d.ts': api, ...ours } = read('dist', '.d.ts')
const face = declared(ours)
/** The vendor's objects, whose fields have the vendor's names. */
const vendor = declared({ 'dist/api.d.ts': api })
const addon = declared({ 'index.d.ts': readFileSync(`${root}index.d.ts`, 'utf8') })
const crate = published(read('src', '.rs'))
const names = new Set([...face.names, ...addon.names, ...crate.names])

test('the names are found', () => {
  assert.ok(face.names.size > 300 && addon.names.size > 200 && crate.names.size > 300, 'the search itself is broken')
  assert.ok(face.types.length > 80 && addon.types.length > 30 && crate.types.length > 100, 'the search is broken')
  for (const known of ['ClientOptions', 'maxBodySize', 'NativeClient', 'GrantRecord', 'max_body_size']) {
    assert.ok(names.has(known), known)
  }
})

test('no two names for one concept', () => {
  assert.deepEqual(rivals(names), [])
})

test('each concept has the name that the table says', () => {
  const unused = CONCEPTS.filter(({ name }) => uses(names, name).length === 0)
  assert.deepEqual(unused, [])
})

test('no name for two types: neither in the face and the addon, nor in the crate', () => {
  assert.deepEqual(homonyms([...face.types, ...addon.types, ...vendor.types]), [])
  assert.deepEqual(homonyms(crate.types), [])
})

test("a call of the addon is started with the completions and the call's id, by these names", () => {
  assert.ok(addon.starts.length > 20, 'what starts calls was not found')
  const others = addon.starts.filter(({ parameters }) => !START.every((name, index) => parameters[index] === name))
  assert.deepEqual(
    others.map(({ name, parameters }) => `${name}(${parameters.slice(0, 2).join(', ')}, …)`),
    [],
  )
})

test('names that break these rules would be found', () => {
  const planted = declared({
    'a.d.ts': `
      export interface GrantStanding { inFlight: number; tokenExpiry: Date }
      export declare function connect(apiRoot: string): void
      export declare class Native { send(completions: NativeCompletions, id: number): void }
    `,
    'b.d.ts': 'export type GrantStanding = string',
  })
  const rust = published({
    'a.rs': 'pub struct Held {\n    pub identity: u8,\n}\npub(crate) fn standing() {}\npub async fn lock() {}\n',
    'b.rs': 'pub use a::Held;\n    pub const fn redirect_url() {}\npub enum Held {}\n',
  })
  const found = rivals(new Set([...planted.names, ...rust.names])).map(text => text.split(':', 1)[0])
  const expected = ['GrantStanding', 'Held', 'apiRoot', 'identity', 'lock', 'redirect_url', 'tokenExpiry']
  assert.deepEqual([...new Set(found)].sort(), expected.sort())
  assert.deepEqual(homonyms(planted.types), ['GrantStanding: a.d.ts, b.d.ts'])
  assert.deepEqual(homonyms(rust.types), ['Held: a.rs, b.rs'])
  assert.deepEqual(planted.starts, [{ name: 'Native.send', parameters: ['completions', 'id'] }])
})
