import type { Machine, MachineScope } from '#shared/contracts/machines'
import { scopesOf, usualScopes, type GrantedRole } from './machine-words'

/** What somebody is about to grant, as a form holds it. */
export interface Grant {
  role: GrantedRole
  /** Everything that the role allows, now and later. */
  everything: boolean
  scopes: MachineScope[]
  vaults: string[]
  defaultVault: string
}

/** A grant as it is offered at first: what most machines want, in the first vault. */
export const newGrant = (vaults: readonly { id: string }[]): Grant => ({
  role: 'member',
  everything: false,
  scopes: [...usualScopes],
  vaults: vaults.slice(0, 1).map(({ id }) => id),
  defaultVault: vaults[0]?.id ?? '',
})

/** What a machine has been granted. A member's own role of owner is admin here: no machine is more. */
export const grantOf = ({ principal, scopes, vaults }: Machine): Grant => ({
  role: principal && principal.role !== 'member' ? 'admin' : 'member',
  everything: scopes === null,
  scopes: [...(scopes ?? usualScopes)],
  vaults: vaults.map(({ id }) => id),
  defaultVault: (vaults.find(({ isDefault }) => isDefault) ?? vaults[0])?.id ?? '',
})

/** Its parts as the API takes them: `scopes` within the role, null for all of it; the default vault first. */
export function grantSent({ role, everything, scopes, vaults, defaultVault }: Grant) {
  const within = new Set(scopesOf(role))
  return {
    role,
    scopes: everything ? null : scopes.filter((scope) => within.has(scope)),
    vaults: vaults.toSorted((a, b) => Number(b === defaultVault) - Number(a === defaultVault)),
  }
}

/** Why it can't be granted yet, at the field that has to change; undefined: nothing is wrong. */
export function grantFault(grant: Grant): { path: 'scopes' | 'vaults'; message: string } | undefined {
  const { scopes, vaults } = grantSent(grant)
  if (scopes?.length === 0) return { path: 'scopes', message: 'Choose something that it may do.' }
  if (vaults.length === 0) return { path: 'vaults', message: 'Choose a vault.' }
  return undefined
}
