import { StepEvent } from '#shared/contracts/provisioning'
import { tenant } from '#server/http/access'
import { defineEventStream } from '#server/http/event-stream'
import { watchSteps } from '#server/provisioning/changes'

export default defineEventStream({
  summary: "The tenant's step changes as they happen.",
  access: tenant('provisioning:read'),
  event: 'step',
  data: StepEvent,
  open: ({ scope, after, signal, container }) => watchSteps(scope, container.signals, { after, signal }),
})
