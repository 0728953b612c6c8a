/** The activation of a partner's integration: the page to which SmartRecruiters sends a customer's administrator. */

import type { Customer, PartnerApp } from '../index.js'
import { activationFailure, warn } from './failures.js'
import { answerWithoutVisit, type Handler, type KeptAnswer, keep, type Reply, redirectTo, respond } from './handler.js'
import { checkedOptions, checkFunctions, checkPath, configurationError } from './options.js'
import { showPage } from './pages.js'
import { vendorUrl } from './return-to.js'

/** One activation, as the functions among the options of {@link partnerHandler} see it. */
export interface Activation<Context = unknown> {
  /** The customer's company id at SmartRecruiters. */
  companyId: string
  /** The browser's request. */
  request: Request
  /** What the handler was called with, such as `{ req, res }` by {@link toNodeHandler}. */
  context: Context
}

/** Options of {@link partnerHandler}. */
export interface PartnerOptions<Context = unknown> {
  /** The path of the `consentUrl` that is registered with SmartRecruiters, such as `/activate`. */
  path: string
  /**
   * Called when the customer is connected and its credentials are in the store; and again if the administrator opens
   * the page again. It may return a `Response`. Otherwise the browser goes back to SmartRecruiters.
   */
  onConnected?: ((customer: Customer, activation: Activation<Context>) => Reply) | undefined
  /**
   * Called when an activation fails, with the error of `partner.connect()` or of `onConnected`. It may return a
   * `Response` in place of the page. Default: a process warning with code `SMARTRECRUITERS_WEB`.
   */
  onError?: ((error: unknown, activation: Activation<Context>) => Reply) | undefined
}

const MOST_COMPANY_ID = 256

/**
 * Makes the route to which SmartRecruiters sends the administrator of a customer who activates the integration: `GET
 * {path}?companyId=…&redirect=…`. It connects the customer, and sends the browser back to SmartRecruiters. An address
 * in `redirect` that leads elsewhere is not used; the administrator then sees a page.
 * @throws {ConfigurationError} if an option is missing, unknown or malformed.
 * @example
 * const activation = partnerHandler(partner, {
 *   path: '/activate', // of your consentUrl
 *   onConnected: customer => console.log(customer.companyId),
 * })
 * express().use(toNodeHandler(activation))
 */
export function partnerHandler<Context = unknown>(
  partner: PartnerApp,
  options: PartnerOptions<Context>,
): Handler<Context> {
  const known = checkedOptions('partnerHandler', options, ['path', 'onConnected', 'onError'])
  const { onConnected, onError } = known
  checkFunctions({ onConnected, onError })
  const path = checkPath('path', known.path || undefined)
  if (typeof partner?.connect !== 'function') throw configurationError('partner', 'must be a PartnerApp')
  const sandbox = partner.baseUrl === undefined ? undefined : new URL(partner.baseUrl).origin
  /** The activations in progress, by company id: a double click runs `onConnected` once. */
  const activations = new Map<string, Promise<KeptAnswer | undefined>>()

  async function activate(activation: Activation<Context>): Promise<KeptAnswer | undefined> {
    const { companyId, request } = activation
    try {
      const customer = await partner.connect(companyId)
      const answer = await onConnected?.(customer, activation)
      return answer ? await keep(answer) : undefined
    } catch (error) {
      if (onError === undefined) warn(`connecting the customer ${companyId}`, error)
      const answer = await onError?.(error, activation)
      return keep(answer || activationFailure(error, new URL(request.url).search))
    }
  }

  async function visit(request: Request, query: URLSearchParams, context: Context): Promise<Response> {
    const [companyId = '', ...others] = query.getAll('companyId')
    if (companyId === '' || companyId.length > MOST_COMPANY_ID || /\p{Cc}/u.test(companyId) || others.length > 0) {
      return showPage({
        status: 400,
        title: 'This link is not complete',
        text: 'It does not say which company is to be connected. Nothing was changed.',
        next: 'Please go back to SmartRecruiters, and activate the integration from there.',
      })
    }
    const running = activations.get(companyId) ?? activate({ companyId, request, context })
    activations.set(companyId, running)
    const answer = await running.finally(() => activations.delete(companyId))
    if (answer !== undefined) return respond(answer)
    const back = vendorUrl(query.get('redirect') ?? '', sandbox)
    if (back !== undefined) return redirectTo(back)
    return showPage({
      status: 200,
      title: 'SmartRecruiters is connected',
      text: 'The integration is active, and this app can now use the access that your company allowed.',
      next: 'You can close this page, and go back to SmartRecruiters.',
    })
  }

  const handler = async (request: Request, context?: unknown): Promise<Response | undefined> => {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname !== path) return undefined
    return answerWithoutVisit(request) ?? visit(request, searchParams, context as Context)
  }
  return handler
}
