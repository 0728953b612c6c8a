/** The options of {@link Webhooks}. */

import type { NativeCallbackAuthentication, NativeInbox } from '../../index.js'
import { SmartRecruiters } from '../client.js'
import { type EncryptionKey, encryptionKeys } from '../encryption-key.js'
import { configurationError, unwrap } from '../errors.js'
import { native } from '../native.js'
import { type AnyStore, MemoryStore, storeOf } from '../stores.js'
import {
  bare,
  boolean,
  callback,
  integer,
  kind,
  membersOf,
  milliseconds,
  objectOf,
  optionsObject,
  string,
  strings,
} from '../validate.js'
import type { WebhookEvent } from './event.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** 24 days, which is the longest timer of the platform and far more than any tolerance makes sense. */
const LONGEST_TOLERANCE = 24 * 24 * HOUR

/**
 * How SmartRecruiters authenticates to you, besides its signature: the `callbackAuthentication` of a subscription. With
 * `oauth2`, SmartRecruiters requests access tokens from {@link Webhooks.tokenHandler} at `tokenServiceUrl`.
 */
export type CallbackAuthentication =
  | { type: 'basic'; username: string; password: string }
  | { type: 'header'; headerName: `x-${string}`; headerValue: string }
  | { type: 'oauth2'; clientId: string; clientSecret: string; tokenServiceUrl: string }

/** What {@link WebhooksOptions.onError} is told about an error. */
export interface WebhookErrorContext {
  /** The event that could not be handled, if the error is about one. */
  event?: WebhookEvent | undefined
  /** Which attempt at the event failed, counted from 1. */
  attempt?: number | undefined
  /** What follows from the failure: the event is handled `again`, is given up (`dead`), or another process has it. */
  outcome?: 'again' | 'dead' | 'lost' | undefined
}

/** Options of the {@link Webhooks} constructor. */
export interface WebhooksOptions {
  /**
   * The secret keys of your subscriptions. A list may also have former keys, which SmartRecruiters uses for a day after
   * a key was replaced. Not needed for subscriptions that {@link Webhooks.subscribe} makes: their keys are in the store.
   */
  secrets?: string | readonly string[] | undefined
  /**
   * Where events are kept until they are handled, and their ids for 31 days after. All processes that receive or handle
   * the same events share it. Default: a {@link MemoryStore}, which loses events when the process ends.
   */
  store?: AnyStore | undefined
  /**
   * The key that encrypts the records of a durable store, as for `OAuthApp`. Required with a durable store; `false`
   * stores events and secret keys unencrypted.
   */
  encryptionKey?: EncryptionKey | readonly EncryptionKey[] | false | undefined
  /** Separates receivers that share a store: letters, digits, `.`, `_` and `-`. Default: `default`. */
  name?: string | undefined
  /** How many events this process handles at once. Default: 10. */
  concurrency?: number | undefined
  /** How often an event is tried before it becomes a dead letter. Default: 10, which takes about a day. */
  attempts?: number | undefined
  /** How long one attempt may take, in milliseconds, before it counts as failed. Default: 15 minutes. */
  timeout?: number | undefined
  /**
   * How far the time of a signature may be from this machine's clock, in milliseconds. Default: 26 hours in the `past`,
   * because SmartRecruiters repeats a delivery for a day, and 5 minutes in the `future`.
   */
  tolerance?: { past?: number | undefined; future?: number | undefined } | undefined
  /** How SmartRecruiters authenticates to you, besides its signature. */
  callbackAuthentication?: CallbackAuthentication | undefined
  /**
   * The client for `resource()`, `subscribe()` and the like; or a function that returns the client of the customer to
   * whom an event belongs.
   */
  client?: SmartRecruiters | ((event: WebhookEvent) => SmartRecruiters | Promise<SmartRecruiters>) | undefined
  /**
   * Whether to answer handshakes at any time. Needed only for subscriptions that are activated by other means than
   * {@link Webhooks.subscribe}. Default: false.
   */
  handshake?: boolean | undefined
  /**
   * Called with every error: of a handler, of the store, and of each request that was refused. Default: a process warning
   * with code `SMARTRECRUITERS_WEBHOOKS`, except for requests that strangers can cause.
   */
  onError?: ((error: unknown, context: WebhookErrorContext) => void) | undefined
}

/** The options, checked. */
export interface CheckedOptions {
  inbox: NativeInbox
  concurrency: number
  timeout: number
  authentication: CallbackAuthentication | undefined
  client: WebhooksOptions['client']
  handshake: boolean
  onError: WebhooksOptions['onError']
}

const OPTIONS = [
  'secrets',
  'store',
  'encryptionKey',
  'name',
  'concurrency',
  'attempts',
  'timeout',
  'tolerance',
  'callbackAuthentication',
  'client',
  'handshake',
  'onError',
] as const

/** Checks the options, and makes the inbox. */
export function checkOptions(options: unknown): CheckedOptions {
  const known = optionsObject('Webhooks', options, OPTIONS)
  const name = known.name === undefined ? 'default' : string('name', known.name)
  if (!/^[\w.-]{1,64}$/.test(name)) {
    throw configurationError('name', 'must be 1 to 64 letters, digits, `.`, `_` or `-`')
  }
  const secrets =
    typeof known.secrets === 'string' ? [string('secrets', known.secrets)] : strings('secrets', known.secrets)
  const tolerance = optionsObject('tolerance', known.tolerance ?? {}, ['past', 'future'])
  const authentication = authenticationOf(known.callbackAuthentication)
  const { client, onError } = known
  if (client !== undefined && typeof client !== 'function' && !(client instanceof SmartRecruiters)) {
    throw configurationError(
      'client',
      `must be a SmartRecruiters or a function that returns one, but is ${kind(client)}`,
    )
  }
  const inboxOptions = bare({
    name,
    past: integer('tolerance.past', tolerance.past, 0, LONGEST_TOLERANCE, 26 * HOUR),
    future: integer('tolerance.future', tolerance.future, 0, LONGEST_TOLERANCE, 5 * MINUTE),
    attempts: integer('attempts', known.attempts, 1, 100, 10),
    ...authentication?.inbox,
  })
  const store = storeOf('store', known.store ?? new MemoryStore())
  return {
    inbox: unwrap(
      native.createInbox(inboxOptions, store, encryptionKeys(known.encryptionKey), secrets, authentication?.secret),
    ),
    concurrency: integer('concurrency', known.concurrency, 1, 1000, 10),
    timeout: milliseconds('timeout', known.timeout, 15 * MINUTE),
    authentication: authentication?.given,
    client: client as WebhooksOptions['client'],
    handshake: boolean('handshake', known.handshake, false),
    onError: onError === undefined ? undefined : (callback(onError) as WebhooksOptions['onError']),
  }
}

interface Authentication {
  inbox: { authentication: NativeCallbackAuthentication; user?: string }
  secret: string
  given: CallbackAuthentication
}

const FIELDS = {
  basic: ['username', 'password'],
  header: ['headerName', 'headerValue'],
  oauth2: ['clientId', 'clientSecret', 'tokenServiceUrl'],
} as const

function authenticationOf(value: unknown): Authentication | undefined {
  if (value === undefined) return undefined
  const { type } = membersOf(objectOf('callbackAuthentication', value), ['type'])
  if (type !== 'basic' && type !== 'header' && type !== 'oauth2') {
    throw configurationError('callbackAuthentication.type', "must be 'basic', 'header' or 'oauth2'")
  }
  const known = optionsObject('callbackAuthentication', value, ['type', ...FIELDS[type]])
  const text = (field: (typeof FIELDS)[typeof type][number]) =>
    string(`callbackAuthentication.${field}`, (known as Record<string, unknown>)[field])
  if (type === 'basic') {
    const [username, password] = [text('username'), text('password')]
    if (username.includes(':')) throw configurationError('callbackAuthentication.username', 'must not contain `:`')
    return { inbox: { authentication: type, user: username }, secret: password, given: { type, username, password } }
  }
  if (type === 'header') {
    const [headerName, headerValue] = [text('headerName'), text('headerValue')]
    if (!/^x-[\w.~!#$%&'*+^`|-]+$/i.test(headerName)) {
      throw configurationError(
        'callbackAuthentication.headerName',
        'must be the name of a header that begins with `x-`',
      )
    }
    const given: CallbackAuthentication = { type, headerName: headerName as `x-${string}`, headerValue }
    return { inbox: { authentication: type }, secret: headerValue, given }
  }
  const [clientId, clientSecret, tokenServiceUrl] = [text('clientId'), text('clientSecret'), text('tokenServiceUrl')]
  const given: CallbackAuthentication = { type, clientId, clientSecret, tokenServiceUrl }
  return { inbox: { authentication: type, user: clientId }, secret: clientSecret, given }
}
