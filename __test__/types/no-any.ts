/** Nothing that the package gives or takes is `any`, which would switch the compiler off in users' code. */

import type * as smartrecruiters from 'smartrecruiters'
import { type AnyIn, type Equal, holds } from './assertions.js'

// What finds `any`, finds it.
type Any = ReturnType<typeof JSON.parse>
interface Planted {
  fine: { list: readonly string[]; unknown: unknown; date: Date }
  list: Any[]
  call(options?: { inner: Any }): Promise<{ data: Any }>
}
declare class PlantedClass {
  static make(key: Any): PlantedClass
  constructor(key: Any)
  readonly id: Any
}
holds<Equal<AnyIn<Planted, 'a'>, 'a.list[]' | 'a.call()[].inner' | 'await a.call():.data'>>()
holds<Equal<AnyIn<typeof PlantedClass, 'A'>, 'A.make()[]' | 'A.make():.id' | 'new A()[]' | 'A.id'>>()

// Every class, with its constructor's arguments, members, methods and their results.
holds<Equal<AnyIn<typeof smartrecruiters>, never>>()

holds<Equal<AnyIn<smartrecruiters.AuthorizationRequest>, never>>()
holds<Equal<AnyIn<smartrecruiters.BackgroundKeepAliveOptions>, never>>()
holds<Equal<AnyIn<smartrecruiters.Body>, never>>()
holds<Equal<AnyIn<smartrecruiters.ClientCredentialsOptions>, never>>()
holds<Equal<AnyIn<smartrecruiters.ClientOptions>, never>>()
holds<Equal<AnyIn<smartrecruiters.ConnectionOptions>, never>>()
holds<Equal<AnyIn<smartrecruiters.Credential>, never>>()
holds<Equal<AnyIn<smartrecruiters.CustomerImport>, never>>()
holds<Equal<AnyIn<smartrecruiters.CustomerInfo>, never>>()
holds<Equal<AnyIn<smartrecruiters.ErrorCode>, never>>()
holds<Equal<AnyIn<smartrecruiters.ErrorDetail>, never>>()
holds<Equal<AnyIn<smartrecruiters.GrantImport>, never>>()
holds<Equal<AnyIn<smartrecruiters.OAuthAppOptions>, never>>()
holds<Equal<AnyIn<smartrecruiters.Page<{ id: string }>>, never>>()
holds<Equal<AnyIn<smartrecruiters.PaginateOptions>, never>>()
holds<Equal<AnyIn<smartrecruiters.PaginateProgress>, never>>()
holds<Equal<AnyIn<smartrecruiters.Paginator<{ id: string }>>, never>>()
holds<Equal<AnyIn<smartrecruiters.RequestOptions>, never>>()
holds<Equal<AnyIn<smartrecruiters.ResponsePromise<{ id: string }>>, never>>()
holds<Equal<AnyIn<smartrecruiters.KeepAliveOptions>, never>>()
holds<Equal<AnyIn<smartrecruiters.KeepAlivePassOptions>, never>>()
holds<Equal<AnyIn<smartrecruiters.KeepAliveProgress>, never>>()
holds<Equal<AnyIn<smartrecruiters.OAuthAppEvents>, never>>()
holds<Equal<AnyIn<smartrecruiters.PartnerAppOptions>, never>>()
holds<Equal<AnyIn<smartrecruiters.PostgresStoreOptions>, never>>()
holds<Equal<AnyIn<smartrecruiters.RedisStoreOptions>, never>>()
holds<Equal<AnyIn<smartrecruiters.SqliteStoreOptions>, never>>()
holds<Equal<AnyIn<smartrecruiters.Store>, never>>()
holds<Equal<AnyIn<smartrecruiters.StoredRecord>, never>>()
holds<Equal<AnyIn<smartrecruiters.Scalar>, never>>()
holds<Equal<AnyIn<smartrecruiters.ToArrayOptions>, never>>()

// With no type given, an answer is `unknown`, and not `any`.
declare const sr: smartrecruiters.SmartRecruiters
holds<Equal<Awaited<ReturnType<typeof sr.get>>, unknown>>()
