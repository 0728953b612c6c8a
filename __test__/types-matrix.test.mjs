// The examples of the docs as users' compilers see them: each supported TypeScript, each kind of module, the
// configuration that `tsc --init` writes, and the package as it is packed.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import ts from 'typescript'
import { EXAMPLES } from './support/examples.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = promisify(execFile)
const require = createRequire(import.meta.url)

const VERSIONS = ['typescript-5.9', 'typescript', 'typescript-7']
/** The type tests also run on the oldest version. The configuration that it writes is none for today's programs. */
const OLDEST = 'typescript-5.4'
const MODULES = {
  NodeNext: { type: 'module', flags: [] },
  Bundler: { type: 'module', flags: ['--module', 'esnext', '--moduleResolution', 'bundler'] },
  CommonJS: { type: 'commonjs', flags: ['--module', 'commonjs'] },
}
const LANGUAGES = {
  ts: [],
  // As an editor checks plain JavaScript.
  js: ['--allowJs', '--checkJs', '--strict', 'false', '--exactOptionalPropertyTypes', 'false'],
}

/** What the examples take from the text around them. */
const CONTEXT = `
declare const app: import('smartrecruiters').OAuthApp
declare const sr: import('smartrecruiters').SmartRecruiters
declare const credential: import('smartrecruiters').Credential
declare const SmartRecruiters: typeof import('smartrecruiters').SmartRecruiters
declare const RedisStore: typeof import('smartrecruiters').RedisStore
declare const readFileSync: typeof import('node:fs').readFileSync
declare const startSandbox: typeof import('smartrecruiters-sandbox').startSandbox
declare const sandbox: import('smartrecruiters-sandbox').Sandbox
declare const webhooks: import('smartrecruiters').Webhooks
declare const Webhooks: typeof import('smartrecruiters').Webhooks
declare const partner: import('smartrecruiters').PartnerApp
declare const store: import('smartrecruiters').SqliteStore
type Customer = import('smartrecruiters').Customer
declare const encryptionKey: string
declare const server: ReturnType<typeof express>
declare function exportList(sr: import('smartrecruiters').SmartRecruiters, path: string, name: string): Promise<void>
declare const login: import('smartrecruiters/web').Handler
declare const loginHandler: typeof import('smartrecruiters/web').loginHandler
declare const toNodeHandler: typeof import('smartrecruiters/web').toNodeHandler
declare const fastifyPlugin: typeof import('smartrecruiters/web').fastifyPlugin
type IncomingMessage = import('node:http').IncomingMessage
type NodeContext<Req extends IncomingMessage> = import('smartrecruiters/web').NodeContext<Req>
// \`types/web.ts\` has the types of the frameworks themselves.
type Middleware = ReturnType<typeof toNodeHandler>
declare function express(): { use(handler: Middleware): void; use(path: string, handler: Middleware): void }
declare namespace express {
  function json(): Middleware
}
declare function fastify(): { register(plugin: ReturnType<typeof fastifyPlugin>, options: { prefix: string }): void }
declare class Hono {
  all(path: string, handler: (c: { req: { raw: Request }; notFound(): Response }) => Promise<Response>): void
}
declare function userOf(cookie: string | null): string | undefined
declare function sessionOf(grantId: string): string
declare const cookieSecret: string
declare const callbackUrl: string
declare const companyCa: string
declare const state: string
declare function theUserComesBackFrom(url: string): Promise<string>
`

let folder
let blocks
/** The configuration that each version writes. */
const configurations = {}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-types-'))
  blocks = examples()
  await install('.', 'smartrecruiters')
  await install('packages/sandbox', 'smartrecruiters-sandbox')
  await mkdir(join(folder, 'node_modules/@types'))
  const types = dirname(require.resolve('@types/node/package.json'))
  await symlink(types, join(folder, 'node_modules/@types/node'), 'junction')
  await mkdir(join(folder, 'node_modules/@opentelemetry'))
  for (const name of [
    'msw',
    'nock',
    'undici',
    '@opentelemetry/api',
    '@opentelemetry/instrumentation-undici',
    '@opentelemetry/sdk-metrics',
  ]) {
    await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name), 'junction')
  }
  for (const version of VERSIONS) {
    const path = join(folder, version)
    await mkdir(path)
    await run(process.execPath, [tsc(version), '--init'], { cwd: path })
    configurations[version] = await readFile(join(path, 'tsconfig.json'), 'utf8')
  }
})
after(() => rm(folder, { recursive: true, force: true }))

/** The blocks of code in what users read. */
function examples() {
  return EXAMPLES.map(({ page, line, language, code }) => {
    return { name: `${page.replaceAll(/\W/g, '-')}-line-${line}.${language}`, language, code }
  })
}

/** The type tests of typed calls. */
async function typedCalls() {
  const files = ['typed-calls.ts', 'assertions.ts']
  return Promise.all(
    files.map(async name => ({ name, code: await readFile(join(root, '__test__/types', name), 'utf8') })),
  )
}

/** Puts a package of this checkout into the project as it would be packed. */
async function install(path, name) {
  const shell = process.platform === 'win32'
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: join(root, path),
    shell,
  })
  const target = join(folder, 'node_modules', name)
  await mkdir(target, { recursive: true })
  await run('tar', ['-xzf', JSON.parse(stdout)[0].filename, '--strip-components=1', '-C', `node_modules/${name}`], {
    cwd: folder,
  })
}

/** An example as a CommonJS file, which has neither `import … from` nor `await` outside of functions. */
function commonjs({ language, code }) {
  const imports = []
  const body = code.replace(/^import (.*) from ('.*')$/gm, (line, names, module) => {
    if (names.startsWith('type ')) {
      imports.push(line)
      return ''
    }
    imports.push(
      language === 'ts'
        ? `import from${imports.length} = require(${module})\nconst ${names} = from${imports.length}`
        : `const ${names} = require(${module})`,
    )
    return ''
  })
  const program = body.includes('export default')
    ? body.replace('export default', 'module.exports =')
    : `async function example() {\n${body}}\nvoid example\n`
  return [...imports, program].join('\n')
}

/** Makes a project of files; returns its folder. */
async function project(version, type, files, context = CONTEXT) {
  const path = await mkdtemp(join(folder, 'project-'))
  await writeFile(join(path, 'package.json'), JSON.stringify({ type }))
  await writeFile(join(path, 'tsconfig.json'), configurations[version] ?? '{}')
  await writeFile(join(path, 'context.d.ts'), context)
  for (const { name, code, ...block } of files) {
    await writeFile(join(path, name), type === 'commonjs' ? commonjs({ code, ...block }) : code)
  }
  return path
}

/** What a compiler finds wrong with a project, as text. */
async function mistakes(version, path, ...flags) {
  return run(process.execPath, [tsc(version), '-p', path, '--noEmit', '--pretty', 'false', ...flags]).then(
    () => '',
    ({ stdout, message }) => stdout || message,
  )
}

const written = language => blocks.filter(block => block.language === language)

function tsc(version) {
  const manifest = require.resolve(`${version}/package.json`)
  return join(dirname(manifest), require(manifest).bin.tsc)
}

test('there are examples in both languages', () => {
  for (const language of Object.keys(LANGUAGES)) {
    assert.ok(written(language).length >= 5, language)
  }
})

test('the compilers are those that are supported', () => {
  const versions = VERSIONS.map(version => require(`${version}/package.json`).version.split('.')[0])
  assert.deepEqual(versions, ['5', '6', '7'])
  assert.match(require(`${OLDEST}/package.json`).version, /^5\.4\./)
})

// Two at once: each is a process of its own.
describe('examples compile', { concurrency: 2 }, () => {
  for (const version of VERSIONS) {
    for (const [module, { type, flags }] of Object.entries(MODULES)) {
      for (const [language, strictness] of Object.entries(LANGUAGES)) {
        test(`in ${language} as ${module}, with ${version}`, async () => {
          const path = await project(version, type, written(language))
          assert.equal(await mistakes(version, path, ...flags, ...strictness), '')
        })
      }
    }
  }
})

describe('typed calls compile where they should, and nowhere else', { concurrency: 2 }, () => {
  for (const version of [OLDEST, ...VERSIONS]) {
    for (const exact of ['true', 'false']) {
      test(`with ${version}, exactOptionalPropertyTypes ${exact}, and the types of libraries checked`, async () => {
        const path = await project(version, 'module', await typedCalls(), '')
        const flags = ['--skipLibCheck', 'false', '--strict', '--exactOptionalPropertyTypes', exact]
        const platform = [
          '--module',
          'nodenext',
          '--target',
          'es2022',
          '--lib',
          'es2023,esnext.disposable',
          '--types',
          'node',
        ]
        assert.equal(await mistakes(version, path, ...flags, ...platform), '')
      })
    }
  }
})

test('there are at least 60 type tests, and half of them are of what must not compile', async () => {
  const [{ code }] = await typedCalls()
  const refused = code.match(/@ts-expect-error/g).length
  const accepted = code.match(/holds</g).length
  assert.ok(refused >= 30 && refused + accepted >= 60, `${refused} and ${accepted}`)
})

test('a mistake in an example is found', async () => {
  const code = "import { ApiKey } from 'smartrecruiters'\nnew ApiKey(7)\n"
  const path = await project('typescript-7', 'module', [{ name: 'wrong.ts', code }])
  assert.match(await mistakes('typescript-7', path), /wrong\.ts.*TS2345/)
})

for (const language of Object.keys(LANGUAGES)) {
  test(`what editors show of the ${language} examples has neither \`any\` nor a name of the addon`, async () => {
    const path = await project('typescript', 'module', written(language))
    const { hovers, ours } = shown(path, language)
    assert.ok(ours >= 25, 'no names of the package were found')
    assert.deepEqual(
      hovers.filter(({ text }) => /\bany\b|\bNative[A-Z]/.test(text)),
      [],
    )
  })
}

/** What an editor shows at each name that an example takes from the package or declares itself. */
function shown(path, language) {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(path, 'tsconfig.json'),
    language === 'js' ? { allowJs: true, checkJs: true, strict: false, exactOptionalPropertyTypes: false } : {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: assert.fail },
  )
  const service = ts.createLanguageService({
    ...ts.sys,
    useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
    getCompilationSettings: () => config.options,
    getScriptFileNames: () => config.fileNames,
    getScriptVersion: () => '1',
    getScriptSnapshot: name => ts.ScriptSnapshot.fromString(ts.sys.readFile(name) ?? ''),
    getCurrentDirectory: () => path,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
  })
  const program = service.getProgram()
  const checker = program.getTypeChecker()
  const hovers = []
  let ours = 0
  const visit = node => {
    ts.forEachChild(node, visit)
    if (!ts.isIdentifier(node)) return
    const symbol = checker.getSymbolAtLocation(node)
    const declared = symbol?.declarations ?? []
    const isPackage = declared.some(declaration =>
      /node_modules\/smartrecruiters/.test(declaration.getSourceFile().fileName),
    )
    // The platform's own types have `any`, and so has what holds a parameter that nothing gives a type.
    if (!isPackage && !declared.some(declaration => declaration.getSourceFile() === node.getSourceFile())) return
    if (!isPackage && declared.some(isUntyped)) return
    if (isPackage) ours++
    const info = service.getQuickInfoAtPosition(node.getSourceFile().fileName, node.getStart())
    const text = ts.displayPartsToString(info?.displayParts)
    hovers.push({ file: node.getSourceFile().fileName.slice(path.length + 1), name: node.text, text })
  }
  const isUntyped = node =>
    (ts.isParameter(node) && !node.type && checker.getTypeAtLocation(node).flags & ts.TypeFlags.Any) ||
    ts.forEachChild(node, isUntyped)
  for (const { name } of written(language)) {
    visit(program.getSourceFile(join(path, name).replaceAll('\\', '/')))
  }
  return { hovers, ours }
}
