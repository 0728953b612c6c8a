/** What an examination finds. */

/** One thing that was examined. */
export interface Finding {
  /** What was examined, in a word or two. */
  readonly check: string
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped'
  /** What was found, in a sentence. */
  readonly message: string
  /** What to do about it: a command, or a sentence if there is none. */
  readonly remedy?: string
}

export function ok(check: string, message: string): Finding {
  return { check, status: 'ok', message }
}

export function warning(check: string, message: string, remedy: string): Finding {
  return { check, status: 'warning', message, remedy }
}

export function failed(check: string, message: string, remedy?: string): Finding {
  return { check, status: 'failed', message, ...(remedy !== undefined && { remedy }) }
}

export function skipped(check: string, message: string): Finding {
  return { check, status: 'skipped', message }
}
