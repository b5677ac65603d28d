import { NotMintable, type TokenMint } from '#server/domain/vaults/token-mint.port'
import type { Clock } from '#server/lib/clock'
import type { Places } from '#server/lib/places'
import { createCaller } from '../http/caller'
import { sendJson } from '../http/request'
import type { Exchange } from './exchange'
import { failed, ocisAsked, RefusedError } from './failure'
import { findSpaces, type SpaceHints } from './found'
import type { LeaseAccounts } from './lease-accounts'
import { holderOf, type Permissions } from './permissions'
import { isDisabled, type Spaces } from './spaces'
import { AppToken, User, type Drive } from './wire'

const reasons = {
  accounts:
    'OCIS lets Tenantry make no accounts: its own needs the role Admin, and the directory has to take changes (OCIS_LDAP_SERVER_WRITE_ENABLED, or OC_… of OpenCloud).',
  impersonation:
    "OCIS lets Tenantry make no app token of another account: set AUTH_APP_ENABLE_IMPERSONATION=true at the service auth-app, and give Tenantry's own account the role Admin.",
  appAuth: 'OCIS takes no app tokens: set PROXY_ENABLE_APP_AUTH=true at its proxy.',
} as const

/**
 * App tokens of an account that is one lease's alone, and a viewer of the tenant's space. The server lets nobody but the
 * account itself list or delete its tokens, and keeps of each a hash; so the account is what is taken back, and its
 * tokens with it.
 */
export function createTokenMint(tools: {
  base: string
  exchange: Exchange
  accounts: LeaseAccounts
  spaces: Spaces
  hints: SpaceHints
  permissions: Permissions
  timeoutMs: number
  clock: Clock
  fetch: typeof globalThis.fetch
  places?: Places | undefined
}): TokenMint {
  const { base, exchange, accounts, spaces, hints, permissions, clock, fetch } = tools

  async function findSpace(id: string, signal: AbortSignal): Promise<Drive | undefined> {
    const { main } = await findSpaces(spaces, { id }, hints.recall(id), 'main', signal)
    // To find it by its mark is to list all spaces.
    if (main) hints.remember(id, main.id)
    return main && !isDisabled(main) ? main : undefined
  }

  async function issue(userId: string, expiresAt: Date, signal: AbortSignal): Promise<string> {
    const seconds = Math.floor((expiresAt.getTime() - clock.now().getTime()) / 1000)
    const query = { expiry: `${Math.max(seconds, 1)}s`, userID: userId }
    const { token } = await exchange(
      {
        ...{ purpose: 'mint an app token', method: 'POST', of: 'auth-app', path: ['tokens'], query },
        answer: AppToken,
      },
      signal,
    )
    return token
  }

  /** Whose it is, by the token itself: it is given to nobody before that is sure, and that it is taken. */
  async function whose(username: string, token: string, signal: AbortSignal): Promise<User> {
    const encoded = Buffer.from(`${username}:${token}`, 'utf8').toString('base64')
    const ask = createCaller(
      ocisAsked(() => [token, encoded]),
      tools,
    )
    const headers = { authorization: `Basic ${encoded}` }
    const send = sendJson(fetch, { url: `${base}/v1.0/me`, method: 'GET', headers })
    return ask({ purpose: 'take the app token that it minted', answer: User, send }, signal)
  }

  async function takeOut(tenantId: string, user: User, signal: AbortSignal): Promise<void> {
    const space = await findSpace(tenantId, signal)
    const present = space ? await permissions.list(space, signal) : []
    const theirs = present.filter((permission) => holderOf(permission)?.id === user.id)
    for (const { id } of theirs)
      if (space) await permissions.remove(space, { id, name: user.onPremisesSamAccountName }, signal)
  }

  return {
    async mint({ leaseId, tenant, expiresAt }, signal) {
      const space = await findSpace(tenant.id, signal)
      if (!space) throw failed('unavailable', `OCIS has no open space of ${tenant.slug} yet`)
      const of = { tenantId: tenant.id, leaseId, name: `Lease of ${tenant.slug}` }
      const user = await accounts.create(of, signal).catch(unless([403, 405], reasons.accounts))
      const username = user.onPremisesSamAccountName
      await permissions.invite(space, { id: user.id, email: username }, 'Viewer', signal)
      const token = await issue(user.id, expiresAt, signal).catch(unless([403], reasons.impersonation))
      const holder = await whose(username, token, signal).catch(unless([401], reasons.appAuth))
      if (holder.id !== user.id)
        throw failed('contract', 'OCIS minted a token of another account than was asked for')
      return { token, account: username }
    },

    async revoke({ leaseId, tenantId }, signal) {
      const user = await accounts.find(tenantId, leaseId, signal)
      if (!user) return
      // What is left in the space of an account that is gone lets nobody in, and the step `members` takes it out.
      const isOut = await takeOut(tenantId, user, signal).then(
        () => undefined,
        (error: unknown) => error,
      )
      await accounts.remove(user, signal)
      signal.throwIfAborted()
      if (await accounts.find(tenantId, leaseId, signal))
        throw isOut ?? failed('unavailable', `OCIS still has the account ${user.onPremisesSamAccountName}`)
    },
  }
}

/** What a refusal with one of these means here. */
function unless(statuses: readonly number[], reason: string) {
  return (error: unknown): never => {
    if (error instanceof RefusedError && statuses.includes(error.status)) throw new NotMintable(reason)
    throw error
  }
}
