/** How the types of a call follow from its method and path, and from the operations of the API. */

import type { ApiObject, OperationName, Operations } from './api.js'
import type { ListPath, NameOfShape, PathsOf } from './paths.js'
import type { PathArguments, PathParams, RequestOptions } from './request.js'

/** The methods that operations of the API have, which editors complete. */
export type KnownMethod = keyof PathsOf

/** The paths of a method that the API has, which editors complete. */
export type KnownPath<Method extends KnownMethod> = PathsOf[Method]

/** The paths of the lists that the API has, which editors complete. */
export type KnownList = ListPath

// The names of operations have no bound here: a compiler would compare each with all others, in every call.

/** The name of the operation that a literal path is, if it is a list; otherwise `never`. */
export type ListAt<Path extends string> = ListName<OperationAt<'GET', Path>>

type ListName<Name> = Name extends OperationName ? (Operations[Name] extends { item: unknown } ? Name : never) : never

/**
 * The name of the operation that a literal path is, whatever its placeholders are called; otherwise `never`. One of
 * several paths may be another: then the answer may be anything.
 */
export type OperationAt<Method extends string, Path extends string> = string extends Path
  ? never
  : Certain<NameOf<`${Uppercase<Method>} ${Path}`>>

type Certain<Name> = undefined extends Name ? never : Name

type NameOf<Name extends string> = Name extends OperationName
  ? Name
  : Name extends `${string}{${string}`
    ? Shape<Name> extends keyof NameOfShape
      ? NameOfShape[Shape<Name>]
      : undefined
    : undefined

/** A path without the names of its placeholders. */
type Shape<Path extends string> = Path extends `${infer Before}{${string}}${infer After}`
  ? `${Before}{}${Shape<After>}`
  : Path

/** What the call of a known operation resolves with. */
export type AnswerOf<Method extends string, Path extends string> =
  OperationOf<OperationAt<Method, Path>> extends { response: infer Response } ? Response : unknown

/** An item of a known list. */
export type ItemOf<Path extends string> = OperationOf<ListAt<Path>> extends { item: infer Item } ? Item : unknown

type OperationOf<Name> = Name extends OperationName ? Operations[Name] : never

/** The options of a call whose operation is known. */
export type OperationOptions<Name, Path extends string, Options extends object> = Omit<
  Options,
  'params' | 'query' | 'headers' | 'json' | 'form' | 'body'
> &
  ParamsOption<Path> &
  QueryOption<OperationOf<Name>> &
  BodyOptions<OperationOf<Name>>

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

type BodyOptions<Operation> = Pick<RequestOptions, 'headers'> & BodyOption<Operation>

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
 * own, which the index signature of an `ApiObject` would not permit.
 */
export type Sent<Value> = Value extends readonly (infer Item)[]
  ? readonly Sent<Item>[]
  : Value extends ApiObject
    ? unknown extends Value[string]
      ? Listed<Value> | (Listed<Value> & ApiObject)
      : { readonly [Key in string]: Sent<Value[Key]> }
    : Value

type Listed<Value> = { [Field in keyof Value as string extends Field ? never : Field]: Sent<Value[Field]> }

/**
 * The name of the operation of a call, whose `Call` is its method, or `paginate` for a list.
 *
 * The types of arguments below ask whether `Path` is a text, which it always is, and infer their result. Until a compiler
 * knows the path, it then takes any text for it. Otherwise it would infer from, and compare with, the options of all
 * operations in every call, which takes a second.
 */
type NameAt<Call extends string, Path extends string> = Call extends 'paginate' ? ListAt<Path> : OperationAt<Call, Path>

/** The arguments after the path of a call that has one overload for all paths. */
export type CallArguments<
  Call extends string,
  Path extends string,
  Options extends object = RequestOptions,
> = Path extends string
  ? AnyArguments<NameAt<Call, Path>, Path, Options> extends infer Arguments extends readonly unknown[]
    ? Arguments
    : never
  : never

type AnyArguments<Name, Path extends string, Options extends object> = [Name] extends [never]
  ? PathArguments<Path, Options>
  : OperationArguments<OperationOptions<Name, Path, Options>>

type OperationArguments<Options> = Nothing extends Options ? [options?: Options] : [options: Options]

/**
 * The arguments after a path that is an operation. Other paths are refused by a number of arguments that no call has:
 * unlike a wrong type, that hides no error of the other overload. Where their placeholders need values, that is not
 * necessary, and the compiler reports the right number when they are missing.
 */
export type KnownArguments<
  Call extends string,
  Path extends string,
  Options extends object = RequestOptions,
> = Path extends string
  ? KnownOnly<NameAt<Call, Path>, Path, Options> extends infer Arguments extends readonly unknown[]
    ? Arguments
    : never
  : never

type KnownOnly<Name, Path extends string, Options extends object> = [Name] extends [never]
  ? Nothing extends PathParams<Path>
    ? [options: Options, refused: never]
    : PathArguments<Path, Options>
  : AnyArguments<Name, Path, Options>

/**
 * The arguments after any other path, and after any path at all if the caller says what the answer is: then the compiler
 * infers no `Path`. Paths of known operations are refused by the number of arguments, too.
 */
export type FreeArguments<
  Call extends string,
  Path extends string,
  Options extends object = RequestOptions,
> = Path extends string
  ? FreeOnly<NameAt<Call, Path>, Path, Options> extends infer Arguments extends readonly unknown[]
    ? Arguments
    : never
  : never

type FreeOnly<Name, Path extends string, Options extends object> = [Name] extends [never]
  ? PathArguments<Path, Options>
  : [options: OperationOptions<Name, Path, Options>, refused: never]

/** Arguments that no call has: of an overload from which editors complete the path. */
export type NoArguments = [options: never, completed: never, refused: never]
