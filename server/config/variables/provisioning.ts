import { z } from 'zod'
import { note, wholeNumber, onOrOff } from './shapes'

/** How the services are kept as they should be. */
export const provisioningVariables = {
  WORKER: note(z.enum(['on', 'off', 'only'], 'must be on, off or only').optional(), {
    description:
      '`on`: this process serves and provisions. `off`: serves only. `only`: provisions, and serves /health and /ready.',
    fallback: 'on',
  }),
  PROVISIONING_CONCURRENCY: note(wholeNumber(1, 1000).optional(), {
    description:
      'How many calls one process has under way at each outside service; it works on three times as many tenants at a time.',
    fallback: '8',
  }),
  SWEEP_INTERVAL_SECONDS: note(
    z
      .union([z.literal('0').transform(Number), wholeNumber(60, 31_536_000)], 'must be 0, or at least 60')
      .optional(),
    {
      description: 'How often all tenants are compared with what the services hold; 0: never by itself.',
      fallback: '3600',
    },
  ),
  DRIFT_REPAIR: note(onOrOff.optional(), {
    description:
      '`on`: what a comparison finds missing or changed of an active tenant is repaired by itself. `off`: it is shown, ' +
      'and somebody decides.',
    fallback: 'what is set in the portal, else off',
  }),
}
