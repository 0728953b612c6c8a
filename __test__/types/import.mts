/** The types are the same under both module systems: what one makes, the other takes. */

import type * as imported from 'smartrecruiters'
import { type Equal, holds } from './assertions.js'

type Imported = typeof imported
type Required = typeof import('smartrecruiters', { with: { 'resolution-mode': 'require' }})
type RequiredCredential = import('smartrecruiters', { with: { 'resolution-mode': 'require' }}).Credential

holds<Equal<keyof Imported, keyof Required>>()
holds<Equal<{ [Name in keyof Imported]: Equal<Imported[Name], Required[Name]> }[keyof Imported], true>>()
holds<Equal<imported.Credential, RequiredCredential>>()
