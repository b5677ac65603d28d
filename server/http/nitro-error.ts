import { send, type H3Error, type H3Event } from 'h3'
import { httpError } from './http.errors'
import { nameRequest } from './request-id'
import { answerProblem } from './send-problem'

/** What is not a page: `/_nuxt/` is the files of the build. */
const isPlain = (path: string) => /^\/(?:api\/|_nuxt\/|health$|ready$|metrics$)/.test(path)

/**
 * Answers what was thrown outside of a route file, by a middleware for instance. What a page's rendering throws is
 * left to Nuxt's own handler, which draws the error page.
 */
export default async function answerUncaught(error: H3Error, event: H3Event): Promise<void> {
  const path = event.path.split('?')[0] ?? ''
  if (event.handled || !isPlain(path)) return
  // A file that is not there was looked for before anything else.
  if (!event.context.requestId) nameRequest(event)
  const thrown = error.statusCode === 404 ? httpError('route.not_found') : (error.cause ?? error)
  await send(event, JSON.stringify(answerProblem(event, thrown)))
}
