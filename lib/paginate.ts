/** Lists of the API, item by item: the core reads ahead, here pages become items. */

import type { NativeClient, NativePages, NativePosition } from '../index.js'
import { call, watch } from './calls.js'
import { type CallContext, toError, unwrap } from './errors.js'
import { address, type FlatRequest, type RequestOptions } from './request.js'
import { bare, integer, milliseconds, optionalSignal, optionalString, optionsObject } from './validate.js'

/** Options of `sr.paginate()`. */
export interface PaginateOptions extends Pick<RequestOptions, 'params' | 'query' | 'headers' | 'timeout' | 'signal'> {
  /** A `cursor` of the same path and query, to go on from. Default, and with `null`: the list's beginning. */
  from?: string | null | undefined
  /**
   * How many pages are asked for before they are wanted, at most, and held in memory: 0 to 64. Default: 8 where pages
   * are asked for by their offset. Elsewhere each page names the next, so that there is never more than one.
   */
  prefetch?: number | undefined
}

/** A page of a list. */
export interface Page<Item> {
  items: Item[]
  /** How many items there are in all pages, if the API says so. */
  total?: number | undefined
  /** Where to go on after this page: for `from`. */
  cursor: string
}

/** How far a list was read. */
export interface PaginateProgress {
  /** Items taken, with those before `from`. */
  done: number
  /** How many there are, if the API says so, as it last did. */
  total?: number | undefined
  /** Items a second, since this pass began. */
  rate: number
  /** Seconds until the end at this rate, if there is a total. */
  eta?: number | undefined
  /** Items whose id came before, among the last 100,000: the list changed meanwhile. They are not left out. */
  duplicates: number
  /**
   * Items that may never have come, because the list changed meanwhile: as many as left a list that is read by offset
   * (`totalFound` fell, and what was behind them moved into pages already read), and, at the end, as many as
   * `totalFound` is above what came.
   */
  missing: number
}

/** Options of {@link Paginator.toArray}. */
export interface ToArrayOptions {
  /** The most items to read, 0 or more. Default: no limit. */
  limit?: number | undefined
}

/**
 * One pass through a list. Iterate it once, over its items or over its {@link pages}; several loops may share it, and
 * get each item once.
 *
 * A pass ends in one of three ways, for all loops that share it:
 * - The list ends. A loop that begins afterwards gets nothing.
 * - It fails, or its signal is aborted. Every loop throws that same error, also one that begins afterwards.
 * - A loop is left, or {@link return} is called. The other loops end, too; one that begins afterwards throws a
 *   `SmartRecruitersError` with code `PAGINATION`.
 *
 * After each of them {@link cursor} is where to go on: `sr.paginate(path, { from: list.cursor })`.
 */
export interface Paginator<Item> extends AsyncIterable<Item> {
  /**
   * Where to go on after the last item that was taken: for `from`, with the same path and query. Exact to the item. Text
   * without secrets, though it may hold your query. At the end, it leads to nothing.
   */
  readonly cursor: string
  /** How far the list was read, and whether it changed meanwhile. */
  readonly progress: PaginateProgress
  /** The rest of the list, page by page. */
  pages(): AsyncIterable<Page<Item>>
  /**
   * The next `limit` items, or fewer if the list ends before. The pass ends with the last of them: the pages that were
   * asked for ahead are cancelled.
   * @throws {ConfigurationError} if `limit` is not a whole number of 0 or more.
   * @example
   * for await (const job of sr.paginate('/jobs').take(10)) console.log(job)
   */
  take(limit: number): AsyncIterable<Item>
  /**
   * The rest of the list as an array. All of it is held in memory at once: give `limit` where a list may be long, or
   * iterate instead. If there are more than `limit` items, or just as many, the pass ends with the last one taken.
   *
   * Rejects if the list is not read to its end or to `limit`, also if another loop leaves it; the items read so far are
   * then lost.
   * @throws {ConfigurationError} if `limit` is not a whole number of 0 or more.
   * @example
   * const jobs = await sr.paginate('/jobs').toArray({ limit: 1000 })
   */
  toArray(options?: ToArrayOptions): Promise<Item[]>
  /** The next item. */
  next(): Promise<IteratorResult<Item, undefined>>
  /**
   * Ends the pass: cancels what was asked for, and resolves when that is done. A loop that is left calls it. Does
   * nothing if the pass has ended.
   */
  return(): Promise<IteratorResult<Item, undefined>>
  /** @throws {SmartRecruitersError} with code `PAGINATION`, if a loop was left before or {@link return} was called. */
  [Symbol.asyncIterator](): Paginator<Item>
}

const OPTIONS = ['params', 'query', 'headers', 'timeout', 'signal', 'from', 'prefetch'] as const
/** As many as there are connections. */
const MOST_PREFETCH = 64
/** As many as an array can hold. */
const MOST_ITEMS = 2 ** 32 - 1

/** Begins a pass through a list. `timeout` is the client's. */
export function paginate<Item>(client: NativeClient, path: string, options: unknown, timeout: number): Paginator<Item> {
  const known = optionsObject('paginate', options, OPTIONS)
  const request: Pick<FlatRequest, 'params' | 'query' | 'headers'> = bare({})
  address(request, known)
  const pages = unwrap(
    client.pages(
      path,
      milliseconds('timeout', known.timeout, timeout),
      request.params,
      request.query,
      request.headers,
      known.prefetch === undefined ? undefined : integer('prefetch', known.prefetch, 0, MOST_PREFETCH, 0),
      optionalString('from', known.from ?? undefined),
    ),
  )
  // A query may hold personal data, which has no place in an error.
  const context = { method: 'GET', path: path.split('?', 1)[0] as string }
  return new PageReader<Item>(pages, context, optionalSignal('signal', known.signal))
}

/** Takes back the watching of a signal by passes that nobody finished and nobody has any more. */
const abandoned = new FinalizationRegistry<() => void>(unwatch => unwatch())

/** How a pass ended. */
type End = { how: 'complete' | 'left' } | { how: 'failed'; error: unknown }

class PageReader<Item> implements Paginator<Item> {
  readonly #native: NativePages
  readonly #context: CallContext
  readonly #signal: AbortSignal | undefined
  readonly #unwatch: (() => void) | undefined
  #position: NativePosition
  #items: Item[] = []
  /** Items of this page that were taken. */
  #taken = 0
  #end: End | undefined
  #loading: Promise<void> | undefined

  constructor(native: NativePages, context: CallContext, signal: AbortSignal | undefined) {
    this.#native = native
    this.#context = context
    this.#signal = signal
    this.#position = native.start()
    if (signal === undefined || signal.aborted) return
    // Between two pages no call hears of an abort, but pages may be on their way.
    this.#unwatch = watch(signal, {}, stopper(new WeakRef(native)))
    abandoned.register(this, this.#unwatch)
  }

  get cursor(): string {
    return this.#position.cursor(this.#taken)
  }

  get progress(): PaginateProgress {
    return this.#position.progress(this.#taken)
  }

  // Not a generator, which takes three turns of the microtask queue for each item.
  next(): Promise<IteratorResult<Item, undefined>> {
    if (this.#taken < this.#items.length && this.#end === undefined && this.#signal?.aborted !== true) {
      return Promise.resolve({ value: this.#take(), done: false })
    }
    return this.#later(() => this.#take())
  }

  async return(): Promise<IteratorResult<Item, undefined>> {
    const signal = this.#signal
    // An abort has ended the pass, even if a loop is left before any has met it.
    const end: End = signal?.aborted === true ? { how: 'failed', error: signal.reason } : { how: 'left' }
    if (this.#finish(end)) await stop(this.#native)
    return { value: undefined, done: true }
  }

  pages(): AsyncIterable<Page<Item>> {
    return this.#iterator(() => this.#later(() => this.#takeAll()))
  }

  take(limit: number): AsyncIterable<Item> {
    // To `integer`, `undefined` is an option that was not given.
    const most = integer('limit', limit ?? null, 0, MOST_ITEMS, 0)
    let taken = 0
    const step = async (): Promise<IteratorResult<Item, undefined>> => {
      if (taken === most) return this.return()
      const result = await this.next()
      if (result.done !== true && ++taken === most) await this.return()
      return result
    }
    // In turn: one that asks for more than `limit` must not end the pass while another still waits for its item.
    let last: Promise<unknown> = Promise.resolve()
    return this.#iterator(() => {
      const result = last.then(step)
      last = result.catch(() => {})
      return result
    })
  }

  async toArray(options: ToArrayOptions = {}): Promise<Item[]> {
    const known = optionsObject('toArray', options, ['limit'])
    const limit = integer('limit', known.limit, 0, MOST_ITEMS, Number.POSITIVE_INFINITY)
    this.#refuseIfLeft()
    const items: Item[] = []
    while (items.length < limit) {
      const { value, done } = await this.next()
      if (done === true) {
        // By another loop, in the middle of the list.
        this.#refuseIfLeft()
        return items
      }
      items.push(value)
    }
    await this.return()
    return items
  }

  [Symbol.asyncIterator](): Paginator<Item> {
    this.#refuseIfLeft()
    return this
  }

  /** Another way through the same pass. Not a generator, which would end in silence after it has thrown once. */
  #iterator<T>(next: () => Promise<IteratorResult<T, undefined>>): AsyncIterable<T> {
    const iterator: AsyncIterableIterator<T, undefined> = {
      next,
      return: async () => {
        await this.return()
        return { value: undefined, done: true }
      },
      [Symbol.asyncIterator]: () => {
        this.#refuseIfLeft()
        return iterator
      },
    }
    return iterator
  }

  #refuseIfLeft(): void {
    if (this.#end?.how !== 'left') return
    const message =
      'this pass through the list was ended, as a loop was left (by `break`, `return` or an error), or by `return()`, ' +
      '`take()` or `toArray()`; go on with `paginate(path, { from: list.cursor })`'
    throw toError({ code: 'PAGINATION', message, causes: [] }, this.#context)
  }

  /** Takes what is there as soon as there is something. */
  async #later<T>(take: () => T): Promise<IteratorResult<T, undefined>> {
    // Again and again: others who asked at the same time may have taken all.
    while (this.#end === undefined) {
      if (this.#taken < this.#items.length && this.#signal?.aborted !== true) return { value: take(), done: false }
      this.#loading ??= this.#load()
      await this.#loading
    }
    if (this.#end.how === 'failed') throw this.#end.error
    return { value: undefined, done: true }
  }

  #take(): Item {
    return this.#items[this.#taken++] as Item
  }

  #takeAll(): Page<Item> {
    const items = this.#taken === 0 ? this.#items : this.#items.slice(this.#taken)
    this.#taken = this.#items.length
    // The array is the caller's now.
    this.#items = []
    const { total } = this.progress
    return { items, ...(total !== undefined && { total }), cursor: this.cursor }
  }

  /** Gets the next page, or the end. */
  async #load(): Promise<void> {
    try {
      const { first, second } = await call(
        (completions, id) => this.#native.next(completions, id),
        this.#context,
        this.#signal,
      )
      const items = second === undefined ? [] : JSON.parse(second as string)
      // There is none after `return`.
      if (first !== undefined) {
        this.#position = first as NativePosition
        this.#items = items
        this.#taken = 0
      }
      if (second === undefined) this.#finish({ how: 'complete' })
    } catch (error) {
      this.#finish({ how: 'failed', error })
    } finally {
      this.#loading = undefined
    }
  }

  /** Ends the pass, unless it has ended; whether it had not. */
  #finish(end: End): boolean {
    if (this.#end !== undefined) return false
    this.#end = end
    this.#unwatch?.()
    return true
  }
}

async function stop(pages: NativePages): Promise<void> {
  await call((completions, id) => pages.stop(completions, id), {})
}

// Not written where it is used: a closure holds all that is captured around it.
function stopper(pages: WeakRef<NativePages>): () => void {
  return () => {
    const open = pages.deref()
    if (open !== undefined) void stop(open)
  }
}
