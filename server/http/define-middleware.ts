import { defineEventHandler, type EventHandler, type H3Event } from 'h3'
import { AppError } from '#server/lib/errors'
import './event-context'

/** Makes the one handler of a middleware file: it runs before every route and page, in the order of the files' names. */
export function defineMiddleware(handle: (event: H3Event) => void | Promise<void>): EventHandler {
  return defineEventHandler(async (event) => {
    try {
      await handle(event)
    } catch (error) {
      throw carry(error)
    }
  })
}

/** h3 hands an error's cause on in place of the error itself: so what was thrown goes as the cause. */
function carry(error: unknown): unknown {
  if (!(error instanceof AppError) || error.cause === undefined) return error
  return Object.assign(new Error(error.message, { cause: error }), { statusCode: error.status })
}
