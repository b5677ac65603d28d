import { defineMiddleware } from '#server/http/define-middleware'
import { refuseStrangeRequest } from '#server/http/refuse-strange'

export default defineMiddleware(refuseStrangeRequest)
