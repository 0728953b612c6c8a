/** The reference of the API: a page for each exported name, from the declarations of the package. */

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Application } from 'typedoc'
import { API, root } from './pages.mjs'

/**
 * What is in a declaration and is not for use: types that compute other types, and the names of the addon. They are not
 * exported, and each public type that has them says in its summary what it is.
 */
const NOT_EXPORTED = [
  ...['AnyArguments', 'BodyOptions', 'Certain', 'FreeOnly', 'KnownOnly', 'ListName', 'ListPath', 'Listed'],
  ...['NameAt', 'NameOf', 'OperationOf', 'ParamName', 'ParamsOption', 'PathsOf', 'QueryOption'],
  ...['FastifyLike', 'FastifyReplyLike', 'FastifyRequestLike'],
  // Of the constructors of errors, which only the package calls.
  ...['CallContext', 'ErrorRecord'],
  ...['NativeErrorCode', 'NativeIntegrationReason', 'NativeNetworkKind', 'NativePhase'],
  ...['NativeReauthorizationReason', 'NativeRenewalOutcome', 'NativeTokenOwnerKind', 'NativeWebhookRefusal'],
  // Of `smartrecruiters/api`, which the reference of operations describes.
  'ApiObject',
]

/** Writes the pages. A warning is an error: an exported name without a summary, or a link that leads nowhere. */
export async function writeApi() {
  const out = join(root, API)
  rmSync(out, { recursive: true, force: true })
  const app = await Application.bootstrapWithPlugins({
    name: 'API',
    out,
    entryPoints: ['index', 'web/index', 'otel', 'testing'].map(name => join(root, `dist/${name}.d.ts`)),
    tsconfig: fileURLToPath(new URL('tsconfig.json', import.meta.url)),
    plugin: [fileURLToPath(import.meta.resolve('typedoc-plugin-markdown'))],
    readme: 'none',
    disableSources: true,
    excludeExternals: true,
    excludeInternal: true,
    excludePrivate: true,
    excludeProtected: true,
    intentionallyNotExported: NOT_EXPORTED,
    requiredToBeDocumented: ['Class', 'Interface', 'Function', 'TypeAlias', 'Variable', 'Enum', 'Method', 'Accessor'],
    validation: { notExported: true, invalidLink: true, notDocumented: true },
    logLevel: 'Warn',
    // Of typedoc-plugin-markdown: what belongs on a page of this site.
    entryFileName: 'index',
    hidePageHeader: true,
    hideBreadcrumbs: true,
    indexFormat: 'table',
    parametersFormat: 'table',
    pageTitleTemplates: { index: 'API', module: '{name}', member: '{name}' },
  })
  const project = await app.convert()
  if (project === undefined) throw new Error('the declarations could not be read; run `npm run build` first')
  for (const module of project.children) module.name = ENTRIES[module.name]
  app.validate(project)
  await app.generateOutputs(project)
  const { errorCount, warningCount } = app.logger
  if (errorCount + warningCount > 0)
    throw new Error(`the reference of the API has ${errorCount + warningCount} warnings`)
}

/** What users import, by the name of the declarations. */
const ENTRIES = {
  index: 'smartrecruiters',
  'web/index': 'smartrecruiters/web',
  web: 'smartrecruiters/web',
  otel: 'smartrecruiters/otel',
  testing: 'smartrecruiters/testing',
}
