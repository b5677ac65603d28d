import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { requestSweep } from '#server/provisioning/drift/board'
import { sweepChannel } from '#server/provisioning/drift/sweeper'
import { RunStarted } from '#shared/contracts/provisioning'

export default defineRoute({
  summary: 'Compares every tenant with every service now.',
  access: operator(),
  response: RunStarted,
  status: 202,
  handle: async ({ scope, container }) => {
    const started = await requestSweep(scope)
    container.signals.publish(sweepChannel, started.runId)
    return started
  },
})
