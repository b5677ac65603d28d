import { describe, expect, it } from 'vitest'
import { standingOf, type FoundPrincipal } from './standing'

const member: FoundPrincipal = {
  ...{ id: 'principal', userId: 'ada', role: 'admin', grantedRole: null, memberRole: 'owner' },
  isUserActive: true,
  tenant: { id: 'tenant', slug: 'acme', name: 'Acme', status: 'active' },
  scopes: ['tenant:read'],
  ownerName: 'Ada',
  vaults: [],
}
const service: FoundPrincipal = { ...member, userId: null, memberRole: null, isUserActive: false }
const codeOf = (principal: FoundPrincipal | null) => {
  try {
    return standingOf(principal).principal.role
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('standingOf', () => {
  it('gives a member’s machine the least of what was chosen for it and what the member is', () => {
    expect(codeOf(member)).toBe('admin')
    expect(codeOf({ ...member, memberRole: 'member' })).toBe('member')
    expect(codeOf({ ...member, role: 'member' })).toBe('member')
    expect(codeOf({ ...member, grantedRole: 'member' })).toBe('member')
    expect(codeOf({ ...member, grantedRole: 'owner' })).toBe('admin')
    expect(standingOf(member)).toMatchObject({ tenant: { slug: 'acme' }, scopes: new Set(['tenant:read']) })
    expect(standingOf({ ...member, scopes: null }).scopes).toBeNull()
  })

  it('gives a service’s what was chosen for it', () => {
    expect(codeOf(service)).toBe('admin')
  })

  it('refuses whoever has nobody, or somebody who may not act', () => {
    expect(codeOf(null)).toBe('identity.unclaimed')
    expect(codeOf({ ...member, memberRole: null })).toBe('identity.unclaimed')
    expect(codeOf({ ...member, isUserActive: false })).toBe('principal.disabled')
    for (const status of ['suspended', 'archived', 'deleting'] as const)
      expect(codeOf({ ...service, tenant: { ...service.tenant, status } })).toBe('principal.tenant_rests')
    expect(codeOf({ ...service, tenant: { ...service.tenant, status: 'pending' } })).toBe('admin')
  })
})
