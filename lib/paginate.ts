/** Lists of the API, item by item: the core reads ahead, here pages become items. */

import type { NativeClient, NativePages, NativePosition } from '../index.js'
import { call, watch } from './calls.js'
import { type CallContext, unwrap } from './errors.js'
import { address, type FlatRequest, type RequestOptions } from './request.js'
import { bare, integer, milliseconds, optionalSignal, optionalString, optionsObject } from './validate.js'

/** Options of `sr.paginate()`. */
export interface PaginateOptions extends Pick<RequestOptions, 'params' | 'query' | 'headers' | 'timeout' | 'signal'> {
  /** A `cursor` of the same path and query, to go on from. */
  from?: string
  /**
   * How many pages are asked for before they are wanted, at most, and held in memory: 0 to 64. Default: 8 where pages
   * are asked for by their offset. Elsewhere each page names the next, so that there is never more than one.
   */
  prefetch?: number
}

/** A page of a list. */
export interface Page<Item> {
  items: Item[]
  /** How many items there are in all pages, if the API says so. */
  total?: number
  /** Where to go on after this page: for `from`. */
  cursor: string
}

/** How far a list was read. */
export interface PaginateProgress {
  /** Items taken, with those before `from`. */
  done: number
  /** How many there are, if the API says so, as it last did. */
  total?: number
  /** Items a second, since this pass began. */
  rate: number
  /** Seconds until the end at this rate, if there is a total. */
  eta?: number
  /** Items whose id came before, among the last 100,000: the list changed meanwhile. They are not left out. */
  duplicates: number
  /**
   * Items that may never have come, because the list changed meanwhile: as many as left a list that is read by offset
   * (`totalFound` fell, and what was behind them moved into pages already read), and, at the end, as many as
   * `totalFound` is above what came.
   */
  missing: number
}

/**
 * One pass through a list. Iterate it once, over its items or over its {@link pages}; several loops may share it, and
 * get each item once.
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
  /** The next item. */
  next(): Promise<IteratorResult<Item, undefined>>
  /** Ends the pass: takes back what was asked for, and resolves when that is done. A loop that is left calls it. */
  return(): Promise<IteratorResult<Item, undefined>>
  [Symbol.asyncIterator](): Paginator<Item>
}

const OPTIONS = ['params', 'query', 'headers', 'timeout', 'signal', 'from', 'prefetch'] as const
/** As many as there are connections. */
const MOST_PREFETCH = 64

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
      optionalString('from', known.from),
    ),
  )
  // A query may hold personal data, which has no place in an error.
  const context = { method: 'GET', path: path.split('?', 1)[0] as string }
  return new PageReader<Item>(pages, context, optionalSignal('signal', known.signal))
}

/** Takes back the watching of a signal by passes that nobody finished and nobody has any more. */
const abandoned = new FinalizationRegistry<() => void>(unwatch => unwatch())

class PageReader<Item> implements Paginator<Item> {
  readonly #native: NativePages
  readonly #context: CallContext
  readonly #signal: AbortSignal | undefined
  readonly #unwatch: (() => void) | undefined
  #position: NativePosition
  #items: Item[] = []
  /** Items of this page that were taken. */
  #taken = 0
  #over = false
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
    if (this.#taken < this.#items.length && !this.#over && this.#signal?.aborted !== true) {
      return Promise.resolve(this.#take())
    }
    return this.#later()
  }

  async return(): Promise<IteratorResult<Item, undefined>> {
    if (!this.#over) {
      this.#end()
      await stop(this.#native)
    }
    return { value: undefined, done: true }
  }

  async *pages(): AsyncGenerator<Page<Item>, undefined, undefined> {
    try {
      while (!this.#over) {
        this.#signal?.throwIfAborted()
        if (this.#taken < this.#items.length) yield this.#takeAll()
        else await this.#load()
      }
    } finally {
      await this.return()
    }
  }

  [Symbol.asyncIterator](): Paginator<Item> {
    return this
  }

  async #later(): Promise<IteratorResult<Item, undefined>> {
    while (!this.#over) {
      await this.#load()
      // Others who asked at the same time may have taken all.
      if (this.#taken < this.#items.length) return this.#take()
    }
    return { value: undefined, done: true }
  }

  #take(): IteratorYieldResult<Item> {
    return { value: this.#items[this.#taken++] as Item, done: false }
  }

  #takeAll(): Page<Item> {
    const items = this.#taken === 0 ? this.#items : this.#items.slice(this.#taken)
    this.#taken = this.#items.length
    // The array is the caller's now.
    this.#items = []
    const { total } = this.progress
    return { items, ...(total !== undefined && { total }), cursor: this.cursor }
  }

  #load(): Promise<void> {
    this.#loading ??= this.#loadPage()
    return this.#loading
  }

  async #loadPage(): Promise<void> {
    try {
      const { first, second } = await call(
        (completions, id) => this.#native.next(completions, id),
        this.#context,
        this.#signal,
      )
      // There is none after `return`.
      if (first !== undefined) {
        this.#position = first as NativePosition
        this.#items = second === undefined ? [] : JSON.parse(second as string)
        this.#taken = 0
      }
      if (second === undefined) this.#end()
    } catch (error) {
      this.#end()
      throw error
    } finally {
      this.#loading = undefined
    }
  }

  #end(): void {
    this.#over = true
    this.#unwatch?.()
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
