import { defineEventHandler, getRequestHeader, setResponseHeader } from 'h3'
import { requestIdFrom } from '#server/http/request-id'

/** Names every request, in its answer and in the log. */
export default defineEventHandler((event) => {
  event.context.requestId = requestIdFrom(getRequestHeader(event, 'x-request-id'))
  setResponseHeader(event, 'X-Request-Id', event.context.requestId)
})
