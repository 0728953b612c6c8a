import { STATUS_CODES } from 'node:http'

/** The vendor's error body; either half may be missing. */
export interface ErrorBody {
  message?: string
  errors?: { code: string; message: string }[]
}

/** An error answer of an API route. Without a body the answer is empty, as it is for most 422s. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly body?: ErrorBody,
  ) {
    super(body?.message ?? STATUS_CODES[status] ?? 'error')
  }
}

/** Both halves of the body: `message` and `errors`. */
export function apiError(status: number, code: string, message: string): ApiError {
  return new ApiError(status, errorBody(code, message))
}

export function errorBody(code: string, message: string): ErrorBody {
  return { message, errors: [{ code, message }] }
}

/** The shape with `message` alone. */
export function notFound(message = 'Not found'): ApiError {
  return new ApiError(404, { message })
}

/** A vendor-shaped body for any status. */
export function defaultErrorBody(status: number): ErrorBody {
  const message = STATUS_CODES[status] ?? 'Error'
  return errorBody(message.toUpperCase().replace(/[^A-Z]+/g, '_'), message)
}
