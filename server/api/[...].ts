import { defineEventHandler, setResponseHeader } from 'h3'
import { routes } from '#tenantry/routes'
import { httpError } from '#server/http/http.errors'
import { methodsAt } from '#server/http/route-inventory'
import { answerProblem } from '#server/http/send-problem'

/** What no route answers: 405 where the address takes other methods, else 404. */
export default defineEventHandler((event) => {
  const allowed = methodsAt(routes, event.path.split('?')[0] ?? '')
  if (allowed.length === 0) return answerProblem(event, httpError('route.not_found'))
  setResponseHeader(event, 'Allow', allowed.join(', '))
  return answerProblem(event, httpError('route.method_not_allowed'))
})
