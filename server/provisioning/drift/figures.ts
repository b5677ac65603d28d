import type { Figure } from '#server/lib/metrics'
import type { PlatformScope } from '#server/scope'
import { getBoard, type BoardMeans } from './board'

/** The board's figures as a scraper takes them. */
export async function boardFigures(scope: PlatformScope, means: BoardMeans): Promise<Figure[]> {
  const { tenants, failing, drift, queue, breakers, sweep } = await getBoard(scope, means)
  return [
    {
      name: 'tenantry_tenants',
      help: 'Tenants by status.',
      label: 'status',
      values: Object.entries(tenants).map(([of, value]) => ({ of, value })),
    },
    {
      name: 'tenantry_steps_failing',
      help: 'Provisioning steps that failed, by service.',
      label: 'service',
      values: failing.map(({ service, steps }) => ({ of: service, value: steps })),
    },
    {
      name: 'tenantry_drift_open',
      help: 'Things that are not as Tenantry left them, by service.',
      label: 'service',
      values: drift.map(({ service, things }) => ({ of: service, value: things })),
    },
    {
      name: 'tenantry_breakers_not_closed',
      help: 'Services that are left alone for a while, since they failed again and again.',
      label: 'service',
      values: breakers.map(({ service }) => ({ of: service, value: 1 })),
    },
    {
      name: 'tenantry_queue_tenants',
      help: 'Tenants that wait for a worker.',
      values: [{ value: queue.tenants }],
    },
    {
      name: 'tenantry_queue_steps_due',
      help: 'Provisioning steps that are due.',
      values: [{ value: queue.steps }],
    },
    {
      name: 'tenantry_queue_oldest_wait_seconds',
      help: 'How long the tenant has waited that has waited for the longest time.',
      values: [{ value: queue.oldestWaitSeconds ?? 0 }],
    },
    {
      name: 'tenantry_sweep_ended_timestamp_seconds',
      help: 'When the last comparison of all tenants with all services ended; absent while it goes on.',
      values: sweep?.endedAt ? [{ value: sweep.endedAt.getTime() / 1000 }] : [],
    },
  ]
}
