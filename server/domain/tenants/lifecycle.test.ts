import { describe, expect, it } from 'vitest'
import { TenantStatus } from '#shared/contracts/tenants'
import { afterMove, may, mayWhile, type LifecycleMove, type TenantPermission } from './tenants.policy'

describe('a tenant', () => {
  const same = null
  const never = undefined
  it.each<[LifecycleMove, ...(string | null | undefined)[]]>([
    // from:     pending      active       suspended   archived    deleting
    ['suspend', 'suspended', 'suspended', same, never, never],
    ['resume', same, same, 'pending', never, never],
    ['archive', 'archived', 'archived', 'archived', same, never],
    ['restore', never, never, never, 'pending', 'pending'],
    ['delete', 'deleting', 'deleting', 'deleting', 'deleting', same],
  ])('%s', (move, ...expected) => {
    expect(TenantStatus.options).toEqual(['pending', 'active', 'suspended', 'archived', 'deleting'])
    expect(TenantStatus.options.map((status) => afterMove(status, move))).toEqual(expected)
  })

  it('lets its own people read while it rests, and change nothing; operators may do all', () => {
    const changing: TenantPermission[] = ['tenant:update', 'members:manage', 'members:invite']
    for (const status of ['suspended', 'archived', 'deleting'] as const)
      for (const standing of ['member', 'admin', 'owner'] as const) {
        expect(mayWhile(status, standing, 'tenant:read')).toBe(true)
        expect(mayWhile(status, standing, 'provisioning:read')).toBe(true)
        for (const permission of changing) {
          expect(mayWhile(status, standing, permission)).toBe(false)
          expect(mayWhile(status, 'operator', permission)).toBe(true)
        }
      }
    for (const permission of changing) expect(mayWhile('active', 'admin', permission)).toBe(true)
  })

  it('is suspended, archived and exported by operators alone', () => {
    for (const permission of ['tenant:lifecycle', 'exports:read', 'tenant:delete'] as const) {
      expect(['member', 'admin', 'owner'].map((it) => may(it as 'owner', permission))).not.toContain(true)
      expect(may('operator', permission)).toBe(true)
    }
  })
})
