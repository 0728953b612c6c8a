/** Times as they are written on a command line, and durations as they are read. */

import { UsageError } from './failure.js'

const SECOND = 1000
const UNITS: Readonly<Record<string, number>> = {
  s: SECOND,
  m: 60 * SECOND,
  h: 3600 * SECOND,
  d: 86_400 * SECOND,
  w: 7 * 86_400 * SECOND,
}

/** Reads a time: how long ago it was, such as `2h`, or a date of ISO 8601. */
export function parseTime(option: string, text: string, now: number): Date {
  const period = periodOf(text)
  const time = period === undefined ? dateOf(text) : now - period
  if (Number.isNaN(time)) {
    throw new UsageError(`${option} must be a time such as 30m, 2h, 7d, 2026-01-31 or 2026-01-31T08:00:00Z`)
  }
  return new Date(time)
}

/** Reads a period, such as `7d`. Returns milliseconds. */
export function parsePeriod(option: string, text: string): number {
  const period = periodOf(text)
  if (period === undefined) throw new UsageError(`${option} must be a period such as 30m, 2h or 7d`)
  return period
}

function periodOf(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text) ?? []
  return count === undefined ? undefined : Number(count) * (UNITS[unit] ?? Number.NaN)
}

/** `Date.parse` also takes texts of no standard, which other machines read otherwise. */
function dateOf(text: string): number {
  return /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN
}

/** Returns a duration in words, such as `1 h 5 min`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`
}
