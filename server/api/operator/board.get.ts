import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { getBoard } from '#server/provisioning/drift/board'
import { Board } from '#shared/contracts/drift'

export default defineRoute({
  summary: 'All tenants at once: by state, what fails, what waits, what drifted, and the last sweep.',
  access: operator(),
  response: Board,
  handle: ({ scope, container }) => getBoard(scope, container),
})
