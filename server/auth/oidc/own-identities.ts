import type { CallerScope, CallerStores } from '#server/scope'
import { oidcError } from './oidc.errors'

/** What else lets people in beside an identity. */
export interface OtherWays {
  /** Of the provider that is configured; undefined: none. */
  issuer: string | undefined
  /** Whether people may sign in by password or passkey. */
  localSignIn: boolean
}

/** The caller's identities at OpenID providers, oldest first; the first 100. */
export async function listOwnIdentities(scope: CallerScope, ways: OtherWays) {
  const isOnlyWayIn = await onlyWayIn(scope.stores, ways)
  const identities = await scope.stores.ownIdentities.list()
  return {
    items: identities.map((identity) => ({ ...identity, isOnlyWayIn: isOnlyWayIn(identity.id) })),
    nextCursor: null,
  }
}

/**
 * Unlinks one of the caller's identities. The sessions that began with it end.
 *
 * @throws AppError identity.not_found, for another person's too; identity.only_way_in
 */
export async function unlinkIdentity(scope: CallerScope, ways: OtherWays, id: string): Promise<void> {
  await scope.transaction(async (stores) => {
    if ((await onlyWayIn(stores, ways))(id)) throw oidcError('identity.only_way_in')
    if (!(await stores.ownIdentities.remove(id))) throw oidcError('identity.not_found')
    await stores.audit.record({
      action: 'identity.unlinked',
      subject: { kind: 'user', id: scope.actorId },
      after: { identity: id },
    })
  })
}

async function onlyWayIn(
  { self, ownFactors, ownIdentities }: CallerStores,
  { issuer, localSignIn }: OtherWays,
): Promise<(id: string) => boolean> {
  const { passwordHash } = await self.get()
  const hasLocal = localSignIn && (passwordHash !== null || (await ownFactors.passkeys.count()) > 0)
  const usable = (await ownIdentities.list()).filter((identity) => identity.issuer === issuer)
  return (id) => !hasLocal && usable.length === 1 && usable[0]?.id === id
}
