/** How the types of a call follow from its method and path, and from the operations of the API. */

import type { ApiObject, OperationName, Operations } from './api.js'
import type { PathArguments, PathParams, RequestOptions } from './request.js'

/** The methods that calls of the API have, which editors complete; any other method is one too. */
export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | (string & {})

/** The paths of a method that the API has, which editors complete; any other path is a path too. */
export type KnownPath<Method extends string> = PathOf<OperationName, Method> | (string & {})

/** The paths of the lists that the API has, which editors complete; any other path is a path too. */
export type KnownList = PathOf<ListName, 'GET'> | (string & {})

type PathOf<Name extends string, Method extends string> = Name extends `${Method} ${infer Path}` ? Path : never

/** The name of the operation that a literal path is, if it is a list; otherwise `never`. */
export type ListAt<Path extends string> = Extract<OperationAt<'GET', Path>, ListName>

type ListName = { [Name in OperationName]: Operations[Name] extends { item: unknown } ? Name : never }[OperationName]

/**
 * The name of the operation that a literal path is, whatever its placeholders are called; otherwise `never`. One of
 * several paths may be another: then the answer may be anything.
 */
export type OperationAt<Method extends string, Path extends string> = string extends Path
  ? never
  : undefined extends NameOf<`${Uppercase<Method>} ${Path}`>
    ? never
    : NonNullable<NameOf<`${Uppercase<Method>} ${Path}`>>

type NameOf<Name extends string> = Name extends OperationName
  ? Name
  : Name extends `${string}{${string}`
    ? Shape<Name> extends keyof ByShape
      ? ByShape[Shape<Name>]
      : undefined
    : undefined

type ByShape = { [Name in OperationName as Shape<Name>]: Name }

/** A path without the names of its placeholders. */
type Shape<Path extends string> = Path extends `${infer Before}{${string}}${infer After}`
  ? `${Before}{}${Shape<After>}`
  : Path

/** What a call of an operation resolves with; otherwise `Other`. */
export type AnswerOf<Name extends OperationName, Other = unknown> = [Name] extends [never]
  ? Other
  : Operations[Name]['response']

/** An item of a list; otherwise `Other`. */
export type ItemOf<Name extends OperationName, Other = unknown> = [Name] extends [never]
  ? Other
  : Operations[Name] extends { item: infer Item }
    ? Item
    : Other

/** The options of a call whose operation is known. */
export type OperationOptions<Name extends OperationName, Path extends string, Options extends object> = Omit<
  Options,
  'params' | 'query' | 'headers' | 'json' | 'form' | 'body'
> &
  ParamsOption<Path> &
  QueryOption<Operations[Name]> &
  BodyOptions<Operations[Name]>

type ParamsOption<Path extends string> =
  Nothing extends PathParams<Path> ? { params?: PathParams<Path> | undefined } : { params: PathParams<Path> }

type QueryOption<Operation> = Operation extends { query: infer Query }
  ? Nothing extends Query
    ? { query?: Query | SearchParams | undefined }
    : { query: Query | SearchParams }
  : Nothing

/** An object type without members, to which all options can be left out. */
type Nothing = Record<never, never>

/** A `URLSearchParams`, without the methods that editors would complete among the names of a query. */
export interface SearchParams extends Iterable<[string, string]> {
  // Other iterables of pairs are refused: an array has the first of these, and a `Map` the second.
  [Symbol.unscopables]?: undefined
  [Symbol.toStringTag]?: undefined
}

type BodyOptions<Operation> = HeadersOption<Operation> & BodyOption<Operation>

type HeadersOption<Operation> = Operation extends { headers: { 'Content-Type': infer Type } }
  ? { headers: Headers | (Readonly<Record<string, string>> & ({ 'Content-Type': Type } | { 'content-type': Type })) }
  : Pick<RequestOptions, 'headers'>

type BodyOption<Operation> = Operation extends { json: infer Json }
  ? unknown extends Json
    ? Pick<RequestOptions, 'json'>
    : { json: Sent<Json> }
  : Operation extends { form: infer Form }
    ? { form: Form }
    : Operation extends { body: infer Body }
      ? { body: Body }
      : Nothing

/**
 * A value as it is sent: as the API describes it, and with any other fields. It may be of an interface of the caller's
 * own, which the index signature of an {@link ApiObject} would not permit.
 */
export type Sent<Value> = Value extends readonly (infer Item)[]
  ? readonly Sent<Item>[]
  : Value extends ApiObject
    ? unknown extends Value[string]
      ? Listed<Value> | (Listed<Value> & ApiObject)
      : { readonly [Key in string]: Sent<Value[Key]> }
    : Value

type Listed<Value> = { [Field in keyof Value as string extends Field ? never : Field]: Sent<Value[Field]> }

/** The arguments after a path that is the operation `Name`, or none. */
export type CallArguments<Name extends OperationName, Path extends string, Options extends object = RequestOptions> = [
  Name,
] extends [never]
  ? PathArguments<Path, Options>
  : OperationArguments<OperationOptions<Name, Path, Options>>

type OperationArguments<Options> = Nothing extends Options ? [options?: Options] : [options: Options]

/**
 * The arguments after a path that is the operation `Name`. Other paths are refused by a number of arguments that no call
 * has: unlike a wrong type, that hides no error of the other overload. Where their placeholders need values, that is not
 * necessary, and the compiler reports the right number when they are missing.
 */
export type KnownArguments<Name extends OperationName, Path extends string, Options extends object = RequestOptions> = [
  Name,
] extends [never]
  ? Nothing extends PathParams<Path>
    ? [options: Options, refused: never]
    : PathArguments<Path, Options>
  : CallArguments<Name, Path, Options>

/**
 * The arguments after any other path, and after any path at all if the caller says what the answer is: then the compiler
 * infers no `Path`. Paths of known operations are refused by the number of arguments, too.
 */
export type FreeArguments<Name extends OperationName, Path extends string, Options extends object = RequestOptions> = [
  Name,
] extends [never]
  ? PathArguments<Path, Options>
  : [options: OperationOptions<Name, Path, Options>, refused: never]
