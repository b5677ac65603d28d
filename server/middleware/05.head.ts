import { defineMiddleware } from '#server/http/define-middleware'

/** HEAD is answered as GET (RFC 9110 section 9.3.2); Node itself leaves the body out. */
export default defineMiddleware(({ context, node: { req } }) => {
  if (req.method !== 'HEAD') return
  context.sentMethod = 'HEAD'
  req.method = 'GET'
})
