import { describe, expect, it } from 'vitest'
import { mayInVault, type VaultPermission } from './vaults.policy'

const permissions: VaultPermission[] = ['secrets:list', 'secrets:read', 'secrets:write', 'secrets:lease']
const granted = (reach: Parameters<typeof mayInVault>[0], scopes: Parameters<typeof mayInVault>[2] = null) =>
  permissions.filter((permission) => mayInVault(reach, permission, scopes))
const forPeople = ['secrets:list', 'secrets:read', 'secrets:write']

describe('mayInVault', () => {
  it('lets owners and admins into every vault of their tenant, and members into those that they are bound to', () => {
    for (const role of ['owner', 'admin'] as const)
      expect(granted({ role, isBound: false, isMachine: false })).toEqual(forPeople)
    expect(granted({ role: 'member', isBound: false, isMachine: false })).toEqual([])
    expect(granted({ role: 'member', isBound: true, isMachine: false })).toEqual(forPeople)
  })

  it('lets nobody in for running the platform alone', () => {
    expect(granted({ role: null, isBound: true, isMachine: false })).toEqual([])
  })

  it('lets machines of any role only where they are bound, and within their scopes', () => {
    expect(granted({ role: 'admin', isBound: false, isMachine: true })).toEqual([])
    expect(granted({ role: 'member', isBound: true, isMachine: true })).toEqual(permissions)
    expect(
      granted({ role: 'admin', isBound: true, isMachine: true }, new Set(['secrets:lease', 'tenant:read'])),
    ).toEqual(['secrets:lease'])
  })
})
