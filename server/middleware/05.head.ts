import { defineEventHandler } from 'h3'

/** HEAD is answered as GET (RFC 9110 section 9.3.2); Node itself leaves the body out. */
export default defineEventHandler((event) => {
  if (event.node.req.method === 'HEAD') event.node.req.method = 'GET'
})
