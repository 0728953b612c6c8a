/** Lists of the API, item by item. The core requests pages ahead; here they become items. */

import { setImmediate } from 'node:timers'
import type { NativeClient, NativePage, NativePages, NativePosition } from '../index.js'
import { call } from './calls.js'
import { unawaited } from './defects.js'
import { type CallContext, toError, unwrap } from './errors.js'
import { address, type FlatRequest, type RequestOptions } from './request.js'
import { watch } from './signals.js'
import { type CallTrace, startTrace } from './telemetry/call-trace.js'
import type { ClientTelemetry } from './telemetry/client-telemetry.js'
import { bare, integer, milliseconds, optionalSignal, optionalString, optionsObject } from './validate.js'

/** Options of {@link SmartRecruiters.paginate}. */
export interface PaginateOptions extends Pick<RequestOptions, 'params' | 'query' | 'headers' | 'timeout' | 'signal'> {
  /**
   * The cursor to continue from: a `cursor` of a list with the same path and query. Default, also for `null`: the
   * beginning of the list.
   */
  from?: string | null | undefined
  /**
   * The maximum number of pages that are requested ahead and held in memory, 0 to 64. Default: 8 for lists that are
   * paged by offset. In other lists each page names the next, so at most one page is requested ahead.
   */
  prefetch?: number | undefined
}

/** A page of a list, as {@link Paginator.pages} returns it. */
export interface Page<Item> {
  /** The items of the page, in order. */
  items: Item[]
  /** The number of items in the whole list, if the API reports it. */
  total?: number | undefined
  /** The cursor to continue from after this page, for {@link PaginateOptions.from}. */
  cursor: string
}

/** How far a list has been read. */
export interface PaginateProgress {
  /** The number of items taken, including those before `from`. */
  done: number
  /** The number of items in the list, as the API last reported it; absent if the API does not report it. */
  total?: number | undefined
  /** The average number of items per second since this pass started. */
  rate: number
  /** The estimated time until the end of the list, in seconds; absent without a `total`. */
  eta?: number | undefined
  /**
   * The number of items whose id was already seen among the last 100,000, because the list changed while it was read.
   * These items are not left out.
   */
  duplicates: number
  /**
   * An estimate of the items that were skipped because the list changed while it was read. In a list that is paged by
   * offset it counts the items that left the list (`totalFound` fell, so later items moved into pages already read). At
   * the end it also counts by how much `totalFound` exceeds the items received.
   */
  missing: number
}

/** Options of {@link Paginator.toArray}. */
export interface ToArrayOptions {
  /** The maximum number of items to read: a whole number, 0 or more. Default: no limit. */
  limit?: number | undefined
}

/**
 * One pass through a list, made by {@link SmartRecruiters.paginate}. Iterate it once, over its items or over its
 * {@link Paginator.pages}. Several loops may share a pass: each item goes to only one of them.
 *
 * A pass ends in one of three ways, for all loops that share it:
 * - The list ends. A loop that starts afterwards gets no items.
 * - The pass fails, or its signal is aborted. Every loop throws the same error, including loops that start afterwards.
 * - A loop is left, or {@link Paginator.return} is called. The other loops throw a `SmartRecruitersError` with code
 *   `PAGINATION`, and so does a loop that starts afterwards.
 *
 * In each case, `cursor` is the place to continue from: `sr.paginate(path, { from: list.cursor })`.
 *
 * @example
 * const jobs = sr.paginate('/jobs')
 * for await (const job of jobs) await save(job, jobs.cursor)
 */
export interface Paginator<Item> extends AsyncIterable<Item> {
  /**
   * The cursor to continue from after the last item taken, exact to the item: pass it as `from` with the same path and
   * query. It is text without secrets, but may contain your query. After the end of the list it continues with no
   * items.
   */
  readonly cursor: string
  /** How far the list has been read, and whether it changed meanwhile. */
  readonly progress: PaginateProgress
  /**
   * Iterates over the rest of the list page by page.
   * @example
   * for await (const { items } of sr.paginate('/jobs').pages()) await saveAll(items)
   */
  pages(): AsyncIterable<Page<Item>>
  /**
   * Iterates over the next `limit` items, or fewer if the list ends first. The pass ends after them, and requests for
   * further pages are cancelled.
   * @throws {ConfigurationError} if `limit` is not a whole number of 0 or more.
   * @example
   * for await (const job of sr.paginate('/jobs').take(10)) console.log(job)
   */
  take(limit: number): AsyncIterable<Item>
  /**
   * Resolves with the rest of the list as an array. All items are held in memory at once: set `limit` if the list may
   * be long, or iterate instead. When `limit` items have been read, the pass ends.
   *
   * The promise rejects if the list cannot be read to its end or to `limit`, or if another loop ends the pass. The
   * items read so far are then lost.
   * @throws {ConfigurationError} if `limit` is not a whole number of 0 or more.
   * @example
   * const jobs = await sr.paginate('/jobs').toArray({ limit: 1000 })
   */
  toArray(options?: ToArrayOptions): Promise<Item[]>
  /**
   * Resolves with the next item. After the end of the list, and after `return()`, it resolves with `done`. After a failure
   * it rejects with the same error each time.
   */
  next(): Promise<IteratorResult<Item, undefined>>
  /**
   * Ends the pass: cancels the requests for further pages, and resolves when that is done. A loop calls it when it is
   * left. It does nothing if the pass has ended.
   */
  return(): Promise<IteratorResult<Item, undefined>>
  /**
   * Returns an iterator over this pass, for one loop. If another loop is left before the end of the list, by `break` or
   * by an error, this one throws an error with code `PAGINATION`: the end of a loop always means the end of the list.
   * @throws {SmartRecruitersError} with code `PAGINATION`, if a loop was left before, or {@link Paginator.return} was
   * called.
   */
  [Symbol.asyncIterator](): PaginatorLoop<Item>
}

/** An iterator over a pass, for one loop. */
// Not the platform's `AsyncIterableIterator`, which has no second argument before TypeScript 5.6.
export interface PaginatorLoop<Item> extends AsyncIterator<Item, undefined> {
  /** Resolves with the next item of the pass. */
  next(): Promise<IteratorResult<Item, undefined>>
  /** Leaves the loop, which ends the pass. */
  return(): Promise<IteratorResult<Item, undefined>>
  /** Returns itself: a loop is iterated once. */
  [Symbol.asyncIterator](): PaginatorLoop<Item>
}

const OPTIONS = ['params', 'query', 'headers', 'timeout', 'signal', 'from', 'prefetch'] as const
/** The maximum of `prefetch`: the number of connections. */
const MOST_PREFETCH = 64
/** The maximum length of an array. */
const MOST_ITEMS = 2 ** 32 - 1

/** Starts a pass through a list. `timeout` is the client's. */
export function paginate<Item>(
  client: NativeClient,
  path: string,
  options: unknown,
  timeout: number,
  telemetry: ClientTelemetry,
): Paginator<Item> {
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
  // Without the query: it may hold personal data, which must not end up in logs.
  const context = { method: 'GET', path: path.split('?', 1)[0] as string }
  // Nothing is traced between two pages, so each of them is a call of its own.
  const trace = () => {
    if (!telemetry.isObserved() || pages.isAtEnd()) return undefined
    return startTrace(telemetry, client, { method: 'GET', path, ...request })
  }
  return new PageReader<Item>(pages, context, optionalSignal('signal', known.signal), trace)
}

/** Removes the abort handlers of passes that were collected before they ended. */
const abandoned = new FinalizationRegistry<() => void>(unwatch => unwatch())

/** How a pass ended. */
type End = { how: 'complete' | 'left' } | { how: 'failed'; error: unknown }

class PageReader<Item> implements Paginator<Item> {
  readonly #native: NativePages
  readonly #context: CallContext
  readonly #signal: AbortSignal | undefined
  /** Starts to trace a page, if anything observes the client. */
  readonly #trace: () => CallTrace | undefined
  readonly #unwatch: (() => void) | undefined
  #position: NativePosition
  #items: Item[] = []
  /** The number of items of this page that were taken. */
  #taken = 0
  #end: End | undefined
  #loading: Promise<void> | undefined
  /** Settles when the core has stopped, after a loop was left. */
  #stopped: Promise<void> | undefined

  constructor(
    native: NativePages,
    context: CallContext,
    signal: AbortSignal | undefined,
    trace: () => CallTrace | undefined,
  ) {
    this.#native = native
    this.#context = context
    this.#signal = signal
    this.#trace = trace
    this.#position = native.start()
    if (signal === undefined || signal.aborted) return
    // Between two pages no call watches the signal, but requests for pages may be in flight.
    this.#unwatch = watch(signal, {}, stopper(new WeakRef(native)))
    abandoned.register(this, this.#unwatch)
  }

  get cursor(): string {
    return this.#position.cursor(this.#taken)
  }

  get progress(): PaginateProgress {
    return this.#position.progress(this.#taken)
  }

  // Not a generator: that would take three turns of the microtask queue for each item.
  next(): Promise<IteratorResult<Item, undefined>> {
    return this.#next(() => true)
  }

  #next(isLeft: () => boolean): Promise<IteratorResult<Item, undefined>> {
    if (this.#taken < this.#items.length && this.#end === undefined && this.#signal?.aborted !== true) {
      return Promise.resolve({ value: this.#take(), done: false })
    }
    return this.#later(() => this.#take(), isLeft)
  }

  async return(): Promise<IteratorResult<Item, undefined>> {
    const signal = this.#signal
    // An abort ends the pass, even if a loop is left before any loop has noticed it.
    const end: End = signal?.aborted === true ? { how: 'failed', error: signal.reason } : { how: 'left' }
    if (this.#finish(end)) this.#stopped = stop(this.#native)
    await this.#stopped
    return { value: undefined, done: true }
  }

  pages(): AsyncIterable<Page<Item>> {
    return this.#iterator(isLeft => this.#later(() => this.#takeAll(), isLeft))
  }

  take(limit: number): AsyncIterable<Item> {
    // `integer` takes `undefined` for an option that was not given.
    const most = integer('limit', limit ?? null, 0, MOST_ITEMS, 0)
    let taken = 0
    const step = async (isLeft: () => boolean): Promise<IteratorResult<Item, undefined>> => {
      if (taken === most) return this.return()
      const result = await this.#next(isLeft)
      if (result.done !== true && ++taken === most) await this.return()
      return result
    }
    // One step after the other: a step beyond `limit` must not end the pass while an earlier one waits for its item.
    let last: Promise<unknown> = Promise.resolve()
    return this.#iterator(async isLeft => {
      const before = last
      let done = () => {}
      last = new Promise<void>(resolve => {
        done = resolve
      })
      try {
        await before
        // Awaited here, so that an error knows the caller's loop.
        return await step(isLeft)
      } finally {
        done()
      }
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
        // Another loop may have ended the pass in the middle of the list.
        this.#refuseIfLeft()
        return items
      }
      items.push(value)
    }
    await this.return()
    return items
  }

  [Symbol.asyncIterator](): PaginatorLoop<Item> {
    this.#refuseIfLeft()
    return this.#iterator(isLeft => this.#next(isLeft))
  }

  /**
   * Makes an iterator over this pass, for one loop; `next` is told whether that loop was left. Not a generator: after an
   * error, a generator ends without throwing again.
   */
  #iterator<T>(next: (isLeft: () => boolean) => Promise<IteratorResult<T, undefined>>): PaginatorLoop<T> {
    let left = false
    const isLeft = () => left
    const iterator: PaginatorLoop<T> = {
      next: () => next(isLeft),
      return: async () => {
        left = true
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
      'this pass through the list has ended: a loop was left (by `break`, `return` or an error), or `return()`, ' +
      '`take()` or `toArray()` ended it; continue with `paginate(path, { from: list.cursor })`'
    throw toError({ code: 'PAGINATION', message, causes: [] }, this.#context)
  }

  /** Waits until there are items, and takes some of them. `isLeft` says whether the loop that asks was left itself. */
  async #later<T>(take: () => T, isLeft: () => boolean): Promise<IteratorResult<T, undefined>> {
    // A loop: other callers that were waiting for the same page may have taken all of its items.
    while (this.#end === undefined) {
      if (this.#taken < this.#items.length && this.#signal?.aborted !== true) return { value: take(), done: false }
      this.#loading ??= this.#load()
      await this.#loading
    }
    if (this.#end.how === 'failed') throw this.#end.error
    if (this.#end.how === 'left' && !isLeft()) {
      // The loop that was left by an error reports that error first.
      await this.#stopped
      await new Promise(resolve => setImmediate(resolve))
      this.#refuseIfLeft()
    }
    return { value: undefined, done: true }
  }

  #take(): Item {
    return this.#items[this.#taken++] as Item
  }

  #takeAll(): Page<Item> {
    const items = this.#taken === 0 ? this.#items : this.#items.slice(this.#taken)
    this.#taken = this.#items.length
    // The array now belongs to the caller.
    this.#items = []
    const { total } = this.progress
    return { items, ...(total !== undefined && { total }), cursor: this.cursor }
  }

  /** Loads the next page, or notes the end of the list. */
  async #load(): Promise<void> {
    const trace = this.#trace()
    try {
      const page = await call<NativePage | undefined | null>(
        (completions, callId) => this.#native.next(completions, callId, trace?.addedHeaders()),
        this.#context,
        this.#signal,
        trace && (report => trace.report(report)),
      )
      const text = page == null ? undefined : bare(page).items
      const items = text === undefined ? undefined : JSON.parse(text)
      trace?.pageRead()
      // There is no page if the pass was stopped.
      if (page != null) {
        this.#position = page.position
        this.#items = items ?? []
        this.#taken = 0
      }
      if (items === undefined) this.#finish({ how: 'complete' })
    } catch (error) {
      trace?.failed(error)
      this.#finish({ how: 'failed', error })
    } finally {
      this.#loading = undefined
    }
  }

  /** Ends the pass, and returns whether it had not ended before. */
  #finish(end: End): boolean {
    if (this.#end !== undefined) return false
    this.#end = end
    this.#unwatch?.()
    return true
  }
}

async function stop(pages: NativePages): Promise<void> {
  await call<undefined>((completions, callId) => pages.stop(completions, callId), {})
}

// A function of its own: a closure written at the call would also hold everything captured around it.
function stopper(pages: WeakRef<NativePages>): () => void {
  return () => {
    const open = pages.deref()
    if (open !== undefined) unawaited('Stopping a list', stop(open))
  }
}
