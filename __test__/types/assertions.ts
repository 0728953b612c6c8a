/** Statements about types, which the compiler checks. */

/** Whether two types are the same. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

export type IsAny<T> = 0 extends 1 & T ? true : false

/** Does not compile unless `Statement` is `true`: `holds<Equal<A, B>>()`. */
export declare function holds<Statement extends true>(): Statement

// These stay as they are: the platform's types have `any` of their own.
type Platform =
  | Response
  | Request
  | RequestInit
  | FormData
  | Blob
  | ReadableStream
  | ArrayBuffer
  | Headers
  | URL
  | URLSearchParams
  | Date
  | Uint8Array
  | AbortSignal
  | string
  | number
  | boolean
  | symbol
  | null
  | undefined

/** Where a type has `any`, as paths; `never` if nowhere. Follows members, arguments, results and promises. */
export type AnyIn<T, Path extends string = '', Depth extends 1[] = []> =
  IsAny<T> extends true
    ? Path
    : unknown extends T
      ? never
      : Depth['length'] extends 6
        ? never
        : T extends Platform
          ? never
          : T extends abstract new (
                ...args: infer Args
              ) => infer Instance
            ?
                | AnyIn<Args, `new ${Path}()`, [...Depth, 1]>
                | AnyIn<Instance, Path, [...Depth, 1]>
                | AnyInMembers<Omit<T, 'prototype' | keyof typeof Error>, Path, Depth>
            : T extends (...args: infer Args) => infer Result
              ? AnyIn<Args, `${Path}()`, [...Depth, 1]> | AnyIn<Result, `${Path}():`, [...Depth, 1]>
              : T extends Promise<infer Value>
                ?
                    | AnyIn<Value, `await ${Path}`, [...Depth, 1]>
                    | AnyInMembers<Omit<T, keyof Promise<unknown>>, Path, Depth>
                : AnyInMembers<T, Path, Depth>

type AnyInMembers<T, Path extends string, Depth extends 1[]> = T extends readonly unknown[]
  ? AnyIn<T[number], `${Path}[]`, [...Depth, 1]>
  : { [Key in keyof T]-?: AnyIn<T[Key], `${Path}.${Key & string}`, [...Depth, 1]> }[keyof T]
