import { defineEventHandler, setResponseHeader } from 'h3'
import { routes } from '#tenantry/routes'
import { httpError } from './http.errors'
import { methodsAt } from './route-inventory'
import { answerProblem } from './send-problem'

/** What no route answers: 405 where the address takes other methods, else 404. */
export const unknownRoute = defineEventHandler((event) => {
  const allowed = methodsAt(routes, event.path.split('?')[0] ?? '')
  if (allowed.length === 0) return answerProblem(event, httpError('route.not_found'))
  setResponseHeader(event, 'Allow', allowed.join(', '))
  return answerProblem(event, httpError('route.method_not_allowed'))
})
