import { defineEventHandler, setResponseHeader } from 'h3'
import { routes } from '#tenantry/routes'
import { httpError } from './http.errors'
import { routesAt } from './route-inventory'
import { answerProblem } from './send-problem'

/** What no route answers: 405 where the address takes other methods in this mode, else 404. */
export const unknownRoute = defineEventHandler(async (event) => {
  const { authMode } = event.context.container.config
  const there = routesAt(routes, event.path.split('?')[0] ?? '')
  const definitions = await Promise.all(
    there.map(async ({ method, load }) => ({ method, modes: (await load()).definition.modes })),
  )
  const allowed = definitions
    .filter(({ modes }) => modes?.includes(authMode) ?? true)
    .map(({ method }) => method)
  if (allowed.length === 0) return answerProblem(event, httpError('route.not_found'))
  setResponseHeader(event, 'Allow', [...new Set(allowed)].sort().join(', '))
  return answerProblem(event, httpError('route.method_not_allowed'))
})
