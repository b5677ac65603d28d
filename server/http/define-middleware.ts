import { defineEventHandler, type EventHandler, type H3Event } from 'h3'
import './event-context'

/** Makes the one handler of a middleware file: it runs before every route and page, in the order of the files' names. */
export function defineMiddleware(handle: (event: H3Event) => void | Promise<void>): EventHandler {
  return defineEventHandler(handle)
}
