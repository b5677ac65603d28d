import type { TenantStores } from '#server/scope'

/**
 * Ends what acts for a member who leaves: machines for good, and tokens with the membership. To be called in the same
 * transaction, before the membership is ended.
 *
 * @returns their names
 */
export async function endMachinesOf(
  { machines, apiTokens, leases, audit }: TenantStores,
  userId: string,
): Promise<string[]> {
  const [handles, tokens] = [await machines.revokeOf(userId), await apiTokens.listOf(userId)]
  for (const { id } of handles) await leases.endOf(id, 'machine_revoked')
  for (const { id } of tokens) await leases.endOf(id, 'token_revoked')
  for (const { id } of handles)
    await audit.record({
      action: 'identity.revoked',
      subject: { kind: 'machine', id },
      before: { status: 'claimed' },
      after: { status: 'revoked' },
    })
  for (const { id } of tokens) await audit.record({ action: 'token.revoked', subject: { kind: 'token', id } })
  return [...handles, ...tokens].map(({ name }) => name)
}
