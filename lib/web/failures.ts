/** Failures of the handlers: how the app learns of them, and what the person in front of the browser is told. */

import { SmartRecruitersError, TokenError } from '../index.js'
import { type PageContent, showPage } from './pages.js'

/** Pages name no error: the details are for the app's `onError`. */
const TRY_LATER = {
  text: 'Something went wrong, and it is not your fault.',
  next: 'Please try again in a few minutes. If it keeps failing, tell the support of this app when you tried.',
}

/** The page for a login that failed. */
export function loginFailure(error: unknown, loginUrl: string): Response {
  const link = { href: loginUrl, text: 'Log in again' }
  return showPage({ ...loginPage(error), link })
}

function loginPage(error: unknown): PageContent {
  const code = error instanceof SmartRecruitersError ? error.code : undefined
  if (code === 'CALLBACK_REFUSED') {
    return {
      status: 400,
      title: 'This login has expired',
      text: 'It began more than ten minutes ago, or in another browser. Nothing was changed.',
      next: 'Please log in again, and stay in this browser until you are back here.',
    }
  }
  if (error instanceof TokenError && error.error === 'access_denied') {
    return {
      status: 403,
      title: 'Access was not allowed',
      text: 'SmartRecruiters reports that the request for access was declined. Nothing was changed.',
      next: 'If that was a mistake, log in again and allow the access.',
    }
  }
  return { status: statusOf(error), title: 'The login did not work', ...TRY_LATER }
}

/** The page for an activation that failed. The link leads to the same address, of which `query` is a part. */
export function activationFailure(error: unknown, query: string): Response {
  return showPage({ ...activationPage(error), link: { href: query, text: 'Try again' } })
}

function activationPage(error: unknown): PageContent {
  const code = error instanceof SmartRecruitersError ? error.code : undefined
  if (code === 'ALREADY_INTEGRATED') {
    return {
      status: 409,
      title: 'Your company is connected already',
      text: 'SmartRecruiters has issued access for your company before, and does so only once.',
      next: 'Please contact the support of this app: SmartRecruiters has to reset the integration first.',
    }
  }
  if (code === 'PERMISSION') {
    return {
      status: 403,
      title: 'The integration is not active',
      text: 'SmartRecruiters does not allow this app to connect your company yet.',
      next: 'Please activate the integration in SmartRecruiters as an administrator, and try again.',
    }
  }
  return { status: statusOf(error), title: 'Your company could not be connected', ...TRY_LATER }
}

/** 502 if SmartRecruiters failed, or refused the app; 500 if the app itself did. */
function statusOf(error: unknown): number {
  const ours = ['CONFIGURATION', 'STORE', 'CLOSED', 'INTERNAL']
  return error instanceof SmartRecruitersError && !ours.includes(error.code) ? 502 : 500
}

/**
 * Reports an error that no `onError` receives as a process warning. What visitors cause is left out: they could fill
 * the log.
 */
export function warn(what: string, error: unknown): void {
  const code = error instanceof SmartRecruitersError ? error.code : undefined
  if (code === 'CALLBACK_REFUSED' || code === 'AUTHORIZATION_DENIED') return
  const message = error instanceof Error ? error.message : String(error)
  process.emitWarning(`${what} failed: ${message}`, 'Warning', 'SMARTRECRUITERS_WEB')
}
