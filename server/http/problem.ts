import type { z } from 'zod'
import type { Problem } from '#shared/contracts/common'
import { AppError, IntegrationError, type FieldFault } from '#server/lib/errors'
import { isDatabaseUnavailable } from '#server/storage/database.errors'
import { isCacheUnavailable } from '#server/storage/cache'
import { httpError } from './http.errors'

/** The faults of a schema, as an answer names them. */
export function faultsOf(error: z.ZodError): FieldFault[] {
  return error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({
          path: [...issue.path, key].join('.'),
          message: 'This field is not known.',
        }))
      : [{ path: issue.path.join('.'), message: issue.message }],
  )
}

/** What a caller is told of an error. What is not meant for them becomes `internal.error`, without its words. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof IntegrationError) {
    const away = ['unreachable', 'timeout', 'unavailable', 'rate_limited'].includes(error.kind)
    const { service, retryAfterSeconds } = error
    return httpError(away ? 'integration.unavailable' : 'integration.failed', {
      detail: `The service is ${service}.`,
      cause: error,
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    })
  }
  if (isDatabaseUnavailable(error))
    return httpError('database.unavailable', { cause: error, retryAfterSeconds: 5 })
  if (isCacheUnavailable(error)) return httpError('cache.unavailable', { cause: error, retryAfterSeconds: 5 })
  return httpError('internal.error', { cause: error })
}

/** The body of RFC 9457 for an error. */
export function problemOf(error: AppError, requestId: string): Problem {
  return {
    type: `urn:tenantry:error:${error.code}`,
    title: error.title,
    status: error.status,
    ...(error.detail !== undefined && { detail: error.detail }),
    code: error.code,
    requestId,
    ...(error.faults && { errors: error.faults }),
  }
}
