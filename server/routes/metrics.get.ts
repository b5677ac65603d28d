import { z } from 'zod'
import { auditFigures } from '#server/domain/audit/audit'
import { entry } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { requireMetricsToken } from '#server/http/metrics-token'
import { boardFigures } from '#server/provisioning/drift/figures'

export default defineRoute({
  summary:
    "Figures of this process and of all tenants in Prometheus' text format, for whoever has METRICS_TOKEN.",
  access: entry(),
  response: z.string(),
  mediaType: 'text/plain; version=0.0.4; charset=utf-8',
  async handle({ scope, container, event }) {
    requireMetricsToken(event, container.config.metricsToken)
    const figures = [...(await boardFigures(scope, container)), ...(await auditFigures(container.audit))]
    return container.metrics?.text(figures) ?? ''
  },
})
