import { describe, expect, it } from 'vitest'
import type { PlatformScope } from '#server/scope'
import { repairsDrift } from './settings'

/** A scope whose table says this of driftRepair; undefined: nothing. `unread`: it must not be asked. */
function scopeOf(set: boolean | undefined | 'unread'): Pick<PlatformScope, 'stores'> {
  const find = () =>
    set === 'unread' ? Promise.reject(new Error('The table is not to be read')) : Promise.resolve(set)
  return { stores: { settings: { find } } } as unknown as Pick<PlatformScope, 'stores'>
}

describe('whether drift is repaired by itself', () => {
  it.each([
    { authMode: 'standalone', environment: undefined, table: undefined, is: false },
    { authMode: 'standalone', environment: undefined, table: true, is: true },
    { authMode: 'standalone', environment: undefined, table: false, is: false },
    { authMode: 'standalone', environment: false, table: 'unread', is: false },
    { authMode: 'standalone', environment: true, table: 'unread', is: true },
    { authMode: 'oidc-only', environment: undefined, table: 'unread', is: false },
    { authMode: 'oidc-only', environment: true, table: 'unread', is: true },
  ] as const)('is $is: $authMode, environment $environment, table $table', async (given) => {
    const environment = { authMode: given.authMode, driftRepair: given.environment }
    expect(await repairsDrift(scopeOf(given.table), environment)).toBe(given.is)
  })
})
