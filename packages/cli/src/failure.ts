/** Failures: which exit code each has, and how it is reported on stderr. Nothing here loads the addon. */

import type { ErrorCode } from 'smartrecruiters'

/** The exit codes. They are documented in `docs/cli.md`, and scripts rely on them. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  /** The same command may succeed later: the network failed, or the server answered 429 or 5xx. */
  repeat: 3,
  /** There is no credential, or it is not accepted. */
  authentication: 4,
  /** The credential is accepted, but may not do this. */
  permission: 5,
  interrupted: 130,
} as const

/** A failure of the command line itself. `remedy` says what to do about it, in whole sentences. */
export class Failure extends Error {
  readonly code: string
  readonly exit: number
  readonly remedy: string | undefined

  constructor(
    code: string,
    message: string,
    { exit = EXIT.failure as number, remedy = undefined as string | undefined } = {},
  ) {
    super(message)
    this.code = code
    this.exit = exit
    this.remedy = remedy
  }
}

/** The command line is wrong. Nothing was sent. */
export class UsageError extends Failure {
  constructor(message: string, remedy?: string) {
    super('USAGE', message, { exit: EXIT.usage, remedy })
  }
}

const LOG_IN =
  'Run `smartrecruiters auth status` to see which credential is used, and `smartrecruiters auth login` to replace it.'
const REPEAT = 'Run the command again later.'

/** The exit code of each code of the package, and what to do. The compiler fails here when there is a new code. */
const ERRORS: Record<ErrorCode, { exit: number; remedy?: string }> = {
  CONFIGURATION: { exit: EXIT.usage },
  CLOSED: { exit: EXIT.failure },
  QUEUE_FULL: { exit: EXIT.repeat, remedy: REPEAT },
  BAD_REQUEST: { exit: EXIT.failure },
  AUTHENTICATION: { exit: EXIT.authentication, remedy: LOG_IN },
  PERMISSION: { exit: EXIT.permission },
  NOT_FOUND: { exit: EXIT.failure },
  CONFLICT: { exit: EXIT.failure },
  RATE_LIMIT: { exit: EXIT.repeat, remedy: REPEAT },
  SERVER: { exit: EXIT.repeat, remedy: REPEAT },
  UNEXPECTED_STATUS: { exit: EXIT.failure },
  INVALID_RESPONSE: { exit: EXIT.failure },
  REDIRECT: { exit: EXIT.failure },
  PAGINATION: { exit: EXIT.failure },
  BODY_TOO_LARGE: { exit: EXIT.failure },
  BODY_INTERRUPTED: { exit: EXIT.repeat, remedy: REPEAT },
  NETWORK: { exit: EXIT.repeat, remedy: 'Run `smartrecruiters doctor` to find out why.' },
  TIMEOUT: { exit: EXIT.repeat, remedy: REPEAT },
  TOKEN_REFUSED: { exit: EXIT.authentication, remedy: LOG_IN },
  TOKEN_UNAVAILABLE: { exit: EXIT.repeat, remedy: REPEAT },
  TOKEN_INVALID: { exit: EXIT.failure },
  AUTHORIZATION_DENIED: { exit: EXIT.authentication, remedy: LOG_IN },
  CALLBACK_REFUSED: { exit: EXIT.authentication, remedy: 'Run `smartrecruiters auth login` again.' },
  REAUTHORIZATION_REQUIRED: { exit: EXIT.authentication, remedy: 'Run `smartrecruiters auth login` again.' },
  UNKNOWN_GRANT: { exit: EXIT.authentication, remedy: 'Run `smartrecruiters auth login` again.' },
  ALREADY_INTEGRATED: { exit: EXIT.failure },
  STORE: { exit: EXIT.failure },
  WEBHOOK_REFUSED: { exit: EXIT.failure },
  INTERNAL: { exit: EXIT.failure },
}

/** What is reported of a failure. */
export interface Report {
  code: string
  message: string
  remedy?: string
  requestId?: string
}

/** Returns the exit code of a failure, and what to report of it. */
export function describe(error: unknown): { exit: number; report: Report } {
  if (error instanceof Failure) {
    const { code, message, remedy, exit } = error
    return { exit, report: { code, message, ...(remedy !== undefined && { remedy }) } }
  }
  if (!(error instanceof Error)) return { exit: EXIT.failure, report: { code: 'UNEXPECTED', message: String(error) } }
  // A body that breaks off while it is read is a `TypeError`, as with `fetch`, with the error of the package as its cause.
  if (error instanceof TypeError && isErrorCode((error.cause as { code?: string } | undefined)?.code ?? '')) {
    return describe(error.cause)
  }
  const { code, requestId } = error as Error & { code?: unknown; requestId?: unknown }
  const report: Report = { code: typeof code === 'string' ? code : 'UNEXPECTED', message: error.message }
  const known = isErrorCode(report.code) ? ERRORS[report.code] : undefined
  if (known?.remedy !== undefined) report.remedy = known.remedy
  if (typeof requestId === 'string') report.requestId = requestId
  return { exit: known?.exit ?? EXIT.failure, report }
}

/** Returns a report as the text for stderr: one line of JSON, or lines for people. */
export function textOf(report: Report, json: boolean): string {
  if (json) return `${JSON.stringify(report)}\n`
  const { message, remedy, requestId } = report
  const lines = [`smartrecruiters: ${message}`]
  if (remedy !== undefined) lines.push(remedy)
  if (requestId !== undefined) lines.push(`Request id: ${requestId}`)
  return `${lines.join('\n')}\n`
}

/** Returns a warning as the text for stderr, such as that the API calls an operation deprecated. */
export function warningText({ code, message }: Error & { code?: string }, json: boolean): string {
  return json ? `${JSON.stringify({ warning: code ?? null, message })}\n` : `smartrecruiters: warning: ${message}\n`
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code)
}
