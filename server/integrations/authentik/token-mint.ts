import type { CoreApi } from '@goauthentik/api/dist/apis/CoreApi.js'
import { NotMintable, type TokenMint } from '#server/domain/vaults/token-mint.port'
import type { Exchange } from './exchange'
import { failed, RefusedError } from './failure'
import type { Groups } from './groups'
import { leaseAttributes, leaseTenantOf, leaseUsernameOf } from './stamp'
import { Nothing, Token, TokenKey, User, UserPage, type Group } from './wire'

/** The name of a lease's token: Authentik takes letters, digits, hyphens and underscores. */
const identifierOf = (leaseId: string) => `tenantry-lease-${leaseId}`

/**
 * App passwords of a service account of the tenant, which is in the tenant's group and in no other. They are of intent
 * `app_password`, as Authentik itself decides when tokens of intent `api` expire.
 */
export function createTokenMint(
  loadApi: () => Promise<CoreApi>,
  exchange: Exchange,
  groups: Groups,
): TokenMint {
  async function ownGroup(tenant: { id: string; slug: string }, signal: AbortSignal): Promise<Group> {
    const found = await groups.list(tenant.slug, signal)
    const group = found.find(({ attributes }) => attributes.tenantId === tenant.id)
    if (!group) throw failed('unavailable', `Authentik has no group ${tenant.slug} of ours yet`)
    if (await groups.makesSuperusers(group, signal))
      throw failed('conflict', `Authentik's group ${tenant.slug} makes its members superusers`)
    return group
  }

  async function findAccount(tenantId: string, signal: AbortSignal): Promise<User | undefined> {
    const api = await loadApi()
    const username = leaseUsernameOf(tenantId)
    const { results } = await exchange(
      {
        purpose: `look for the account ${username}`,
        send: (init) => api.coreUsersListRaw({ username, includeGroups: false, includeRoles: false }, init),
        answer: UserPage,
      },
      signal,
    )
    const found = results.find((user) => user.username === username)
    if (found && leaseTenantOf(found) !== tenantId)
      throw failed('conflict', `Authentik has an account ${username} that Tenantry did not make`)
    return found
  }

  async function createAccount(
    { id, slug }: { id: string; slug: string },
    group: Group,
    signal: AbortSignal,
  ): Promise<User | undefined> {
    const api = await loadApi()
    const userRequest = {
      ...{ username: leaseUsernameOf(id), name: `Leases of ${slug}`, type: 'service_account' as const },
      ...{ attributes: leaseAttributes(id), groups: [group.pk] },
    }
    try {
      return await exchange(
        {
          purpose: `create the account ${userRequest.username}`,
          send: (init) => api.coreUsersCreateRaw({ userRequest }, init),
          answer: User,
        },
        signal,
      )
    } catch (error) {
      // Somebody else was first.
      if (error instanceof RefusedError && error.fields.includes('username')) return findAccount(id, signal)
      throw error
    }
  }

  async function attach(group: Group, user: User, signal: AbortSignal): Promise<void> {
    const api = await loadApi()
    const request = { groupUuid: group.pk, userAccountRequest: { pk: user.pk } }
    await exchange(
      {
        purpose: `put ${user.username} into the group ${group.name}`,
        send: (init) => api.coreGroupsAddUserCreateRaw(request, init),
        answer: Nothing,
      },
      signal,
    )
  }

  async function account(tenant: { id: string; slug: string }, signal: AbortSignal): Promise<User> {
    const group = await ownGroup(tenant, signal)
    const known = await findAccount(tenant.id, signal)
    const user = known ?? (await createAccount(tenant, group, signal))
    if (!user?.is_active || user.is_superuser)
      throw failed('conflict', `Authentik's account ${leaseUsernameOf(tenant.id)} can't be used`)
    if (known) await attach(group, known, signal)
    return user
  }

  async function find(identifier: string, signal: AbortSignal): Promise<Token | undefined> {
    const api = await loadApi()
    return absentOr(
      exchange(
        {
          purpose: `look for the token ${identifier}`,
          send: (init) => api.coreTokensRetrieveRaw({ identifier }, init),
          answer: Token,
        },
        signal,
      ),
    )
  }

  /** With all that it is: what is left out becomes that of whoever asks. */
  async function setEnd({ identifier, user }: Token, expires: Date, leaseId: string, signal: AbortSignal) {
    const api = await loadApi()
    const patchedTokenRequest = {
      ...{ identifier, intent: 'app_password' as const, user, description: descriptionOf(leaseId) },
      ...{ expires, expiring: true },
    }
    const changed = await exchange(
      {
        purpose: `let the token ${identifier} last longer`,
        send: (init) => api.coreTokensPartialUpdateRaw({ identifier, patchedTokenRequest }, init),
        answer: Token,
      },
      signal,
    ).catch(tooLong)
    if (changed.user !== user || changed.intent !== 'app_password') {
      await revoke({ leaseId }, signal)
      throw failed('contract', 'Authentik made another token of the one that was to last longer')
    }
  }

  async function revoke({ leaseId }: { leaseId: string }, signal: AbortSignal): Promise<void> {
    const api = await loadApi()
    const identifier = identifierOf(leaseId)
    await absentOr(
      exchange(
        {
          purpose: `delete the token ${identifier}`,
          send: (init) => api.coreTokensDestroyRaw({ identifier }, init),
          answer: Nothing,
        },
        signal,
      ),
    )
    const left = await find(identifier, signal)
    if (left !== undefined) throw failed('unavailable', `Authentik still has the token ${identifier}`)
  }

  return {
    async mint({ leaseId, tenant, expiresAt }, signal) {
      const api = await loadApi()
      const user = await account(tenant, signal)
      const identifier = identifierOf(leaseId)
      const tokenRequest = {
        ...{ identifier, intent: 'app_password' as const, user: user.pk },
        ...{ expires: expiresAt, expiring: true, description: descriptionOf(leaseId) },
      }
      const made = await exchange(
        {
          purpose: `mint the token ${identifier}`,
          send: (init) => api.coreTokensCreateRaw({ tokenRequest }, init),
          answer: Token,
        },
        signal,
      ).catch(tooLong)
      // Who may not make tokens of others is given one of their own: that one would be Tenantry's.
      if (made.user !== user.pk || made.identifier !== identifier) {
        await revoke({ leaseId }, signal)
        throw failed('contract', 'Authentik minted a token of another account than was asked for')
      }
      const { key } = await exchange(
        {
          purpose: `read the token ${identifier}`,
          send: (init) => api.coreTokensViewKeyRetrieveRaw({ identifier }, init),
          answer: TokenKey,
        },
        signal,
      )
      return { token: key, account: user.username }
    },

    async renew({ leaseId, tenantId }, until, signal) {
      const identifier = identifierOf(leaseId)
      const [token, user] = [await find(identifier, signal), await findAccount(tenantId, signal)]
      if (!token || token.user !== user?.pk || token.intent !== 'app_password')
        throw failed('conflict', `Authentik's token ${identifier} is not there any more, or is another`)
      const isLonger = token.expires === null || Date.parse(token.expires) < until.getTime()
      if (isLonger) await setEnd(token, until, leaseId, signal)
    },

    revoke,
  }
}

const descriptionOf = (leaseId: string) => `Lease ${leaseId} of Tenantry`

/** What a refusal of a token's end means. */
function tooLong(error: unknown): never {
  if (error instanceof RefusedError && error.fields.includes('expires'))
    throw new NotMintable(
      "Authentik lets a token last for less: ask for a shorter time, or have the attribute goauthentik.io/user/token-maximum-lifetime of the tenant's group say more.",
    )
  throw error
}

/** @returns undefined where it is not there */
async function absentOr<Result>(asked: Promise<Result>): Promise<Result | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof RefusedError && error.status === 404) return undefined
    throw error
  }
}
