import { STATUS_CODES } from 'node:http'

/** The body of an error answer of SmartRecruiters. Either field may be missing. */
export interface ErrorBody {
  message?: string
  errors?: { code: string; message: string }[]
}

/** An error answer of an API route. Without `body` the answer is empty, as most answers with status 422 are. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly body?: ErrorBody,
  ) {
    super(body?.message ?? STATUS_CODES[status] ?? 'error')
  }
}

/** Makes an error answer whose body has both `message` and `errors`. */
export function apiError(status: number, code: string, message: string): ApiError {
  return new ApiError(status, errorBody(code, message))
}

/** Makes a body with both `message` and `errors`. */
export function errorBody(code: string, message: string): ErrorBody {
  return { message, errors: [{ code, message }] }
}

/** Makes a 404 answer, whose body has only a `message`. */
export function notFound(message = 'Not found'): ApiError {
  return new ApiError(404, { message })
}

/** Makes a body in the format of SmartRecruiters for any status. */
export function defaultErrorBody(status: number): ErrorBody {
  const message = STATUS_CODES[status] ?? 'Error'
  return errorBody(message.toUpperCase().replace(/[^A-Z]+/g, '_'), message)
}
