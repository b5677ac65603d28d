import { send, type H3Event } from 'h3'
import { routes } from '#tenantry/routes'
import { bodyLimitBytes } from './body'
import { httpError } from './http.errors'
import { routesAt } from './route-inventory'
import { answerProblem } from './send-problem'

/** What no client of ours sends, and proxies and servers read in different ways. */
const ambiguous = /[\\\p{Cc}]|\/\/|\/\.{1,2}(?:\/|$)|%(?:[01][\da-f]|2[35ef]|3f|5c|7f)/iu
const malformedEncoding = /%(?![\da-f]{2})/i
const apiMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/**
 * Refuses what is wrong with a request before anything is looked up for it:
 * - a target that is not a plain path (RFC 9112 section 3.2.1): another origin's, an empty or dotted segment, an
 *   encoded slash, backslash, dot, percent, question mark, hash or control character
 * - a body that is announced as larger than any may be, whatever the route
 * - a method that nothing of ours takes, so that no page is drawn for it
 *
 * @param target as the request line has it
 * @throws AppError request.bad_target, request.too_large, route.method_not_allowed
 */
function refuseStrange(request: { target: string; method: string; contentLength: string | undefined }): void {
  const [path = ''] = request.target.split('?')
  if (!path.startsWith('/') || ambiguous.test(path) || malformedEncoding.test(path))
    throw httpError('request.bad_target')
  if (Number(request.contentLength ?? 0) > bodyLimitBytes) throw httpError('request.too_large')
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  const isTaken = path.startsWith('/api/')
    ? apiMethods.includes(request.method)
    : isRead || routesAt(routes, path).some(({ method }) => method === request.method)
  if (!isTaken) throw httpError('route.method_not_allowed')
}

/** Answers what is wrong with a request by its first line or its size. */
export async function refuseStrangeRequest(event: H3Event): Promise<void> {
  const { originalUrl, method = 'GET', headers } = event.node.req
  try {
    refuseStrange({ target: originalUrl ?? event.path, method, contentLength: headers['content-length'] })
  } catch (error) {
    await send(event, JSON.stringify(answerProblem(event, error)))
  }
}
