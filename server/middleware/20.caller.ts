import { defineMiddleware } from '#server/http/define-middleware'
import { findCaller } from '#server/http/find-caller'

export default defineMiddleware(findCaller)
