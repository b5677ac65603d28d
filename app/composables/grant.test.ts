import { expect, it } from 'vitest'
import { grantFault, grantSent, newGrant } from './grant'

const [first, second] = [{ id: 'first' }, { id: 'second' }]

it('sends the default vault first, and everything as null', () => {
  const grant = { ...newGrant([first, second]), vaults: ['first', 'second'], defaultVault: 'second' }
  expect(grantSent(grant).vaults).toEqual(['second', 'first'])
  expect(grantSent({ ...grant, everything: true }).scopes).toBeNull()
})

it('leaves out what was chosen for an admin once a member is to be made', () => {
  const grant = { ...newGrant([first]), scopes: ['audit:read' as const, 'secrets:read' as const] }
  expect(grantSent({ ...grant, role: 'admin' }).scopes).toEqual(['audit:read', 'secrets:read'])
  expect(grantSent(grant).scopes).toEqual(['secrets:read'])
})

it('is at fault without anything to do, and without a vault', () => {
  expect(grantFault(newGrant([first]))).toBeUndefined()
  expect(grantFault({ ...newGrant([first]), scopes: ['audit:read'] })?.path).toBe('scopes')
  expect(grantFault({ ...newGrant([first]), vaults: [] })?.path).toBe('vaults')
})
