import { send, type H3Error, type H3Event } from 'h3'
import { httpError } from './http.errors'
import { answerProblem } from './send-problem'

/**
 * Answers what was thrown outside of a route file, by a middleware for instance. What a page's rendering throws is
 * left to Nuxt's own handler, which draws the error page.
 */
export default async function answerUncaught(error: H3Error, event: H3Event): Promise<void> {
  const path = event.path.split('?')[0] ?? ''
  if (event.handled || !(path.startsWith('/api/') || ['/health', '/ready'].includes(path))) return
  const thrown = error.statusCode === 404 ? httpError('route.not_found') : (error.cause ?? error)
  await send(event, JSON.stringify(answerProblem(event, thrown)))
}
