import { misuse } from '../failure'

/** The argument that names a lease. */
export const leaseArg = { type: 'positional', required: true, description: 'The id of the lease.' } as const

/** How long it is to last. */
export const ttlArg = {
  type: 'string',
  default: '3600',
  description: 'Seconds that it lasts: a minute to a day.',
  valueHint: 'SECONDS',
} as const

/** @throws Failure where the text is no whole number */
export function seconds(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw misuse('--ttl takes whole seconds.')
  return Number(text)
}
