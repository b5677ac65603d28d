import { defineMiddleware } from '#server/http/define-middleware'
import { nameRequest } from '#server/http/request-id'

export default defineMiddleware(nameRequest)
