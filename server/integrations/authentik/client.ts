import { Configuration } from '@goauthentik/api/dist/runtime.js'
import type { AdminApi } from '@goauthentik/api/dist/apis/AdminApi.js'
import type { CoreApi } from '@goauthentik/api/dist/apis/CoreApi.js'
import { lowerAscii } from '#server/lib/ascii'
import { systemClock, type Clock } from '#server/lib/clock'
import type { Places } from '#server/lib/places'
import type { TokenMint } from '#server/domain/vaults/token-mint.port'
import type { Checked } from '#server/provisioning/connected/client.port'
import type { StepPlanner } from '#server/provisioning/step-planner.port'
import { serviceAddress } from '../http/request'
import { toldVersion } from '../http/told-version'
import { createExchange } from './exchange'
import { createGroupPlanner } from './group-planner'
import { createGroups } from './groups'
import { createLeaseAccounts } from './lease-accounts'
import { createMemberPlanner } from './member-planner'
import { isMadeByUs } from './stamp'
import { createTokenMint } from './token-mint'
import { createUsers } from './users'
import { RunningVersion } from './wire'

const apiPath = '/api/v3'
const defaultTimeoutMs = 10_000

/** Where Authentik is, and how it is asked. */
export interface AuthentikOptions {
  /** http or https; an origin, or the path below which Authentik is served; with or without `/api/v3`. */
  apiUrl: string
  /** Of intent `api`; its user may view, add and change groups and users, and reset passwords. */
  token: string
  /** For one call, from sending to the answer's last byte. Default 10,000. */
  timeoutMs?: number
  fetch?: typeof globalThis.fetch
  clock?: Clock
  /** In which the calls are made, so that no more are under way at a time; none: as many as come. */
  places?: Places | undefined
}

/** Authentik, as far as Tenantry uses it. */
export interface Authentik {
  /** Its steps: `group`, what a tenant is there, and `members`, who is in it. */
  readonly planners: StepPlanner[]
  /** Reads its groups and users, as every step does, and its version. @throws IntegrationError */
  check(signal: AbortSignal): Promise<Checked>
  /** Mints tokens for leases. Its token's user may add, view and delete tokens of others for it, and view their keys. */
  readonly tokenMint: TokenMint
  /**
   * A link by which somebody chooses their first password: of an account that we made and nobody has used, and that has
   * the address which the link is sent to. Whoever has it is that person, so that it goes to their own address alone.
   *
   * @param person.email in lower case
   * @returns null where there is none to be given: another kind of account, or Authentik has no recovery flow
   * @throws IntegrationError
   */
  firstPasswordLink(person: { userId: string; email: string }, signal: AbortSignal): Promise<string | null>
}

/** @throws TypeError for an address or a token that can't be used; its message repeats neither */
export function createAuthentik(options: AuthentikOptions): Authentik {
  const { token, timeoutMs = defaultTimeoutMs, clock = systemClock, places } = options
  if (!/^[\x21-\x7e]+$/.test(token)) throw new TypeError('the API token of Authentik is not plain ASCII')
  const configuration = new Configuration({
    basePath: apiBase(options.apiUrl),
    accessToken: token,
    ...(options.fetch ? { fetchApi: options.fetch } : {}),
  })
  let loading: Promise<CoreApi> | undefined
  const api = () => (loading ??= loadApi(configuration))
  const exchange = createExchange({ timeoutMs, token, clock, places })
  const groups = createGroups(api, exchange)
  const users = createUsers(api, exchange)
  const leaseAccounts = createLeaseAccounts(api, exchange)
  async function readVersion(signal: AbortSignal): Promise<unknown> {
    const admin = await loadAdminApi(configuration)
    const send = (init: RequestInit) => admin.adminVersionRetrieveRaw(init)
    const call = { purpose: 'say its version', send, answer: RunningVersion }
    return (await exchange(call, signal)).version_current
  }
  async function readAll(signal: AbortSignal): Promise<void> {
    await groups.page(1, signal)
    await users.findStamped('', signal)
  }
  return {
    planners: [createGroupPlanner(groups), createMemberPlanner({ groups, users, leaseAccounts })],
    async check(signal) {
      const [version] = await Promise.all([toldVersion(readVersion, signal), readAll(signal)])
      const name = version === null ? 'Authentik' : `Authentik ${version}`
      return { version, message: `${name} answers, and lets its groups and users be read.` }
    },
    tokenMint: createTokenMint(api, exchange, groups),
    async firstPasswordLink({ userId, email }, signal) {
      const [user, another] = await users.findStamped(userId, signal)
      // Attributes are Authentik's administrators' to write: what they say alone must open nobody else's account.
      const isTheirs = user && !another && lowerAscii(user.email) === email && !user.is_superuser
      const isFresh = user && isMadeByUs(user) && user.is_active && user.last_login === null
      return isTheirs && isFresh ? users.recoveryLink(user, signal) : null
    },
  }
}

/** @throws TypeError for an address or a token that can't be used */
export const createAuthentikPlanners = (options: AuthentikOptions): StepPlanner[] =>
  createAuthentik(options).planners

/** Loaded when first needed, and without its barrel: 20 ms and 12 MB in place of 170 ms and 40 MB. */
async function loadApi(configuration: Configuration): Promise<CoreApi> {
  const { CoreApi } = await import('@goauthentik/api/dist/apis/CoreApi.js')
  return new CoreApi(configuration)
}

/** Whoever tests a connection needs it, and nobody else. */
async function loadAdminApi(configuration: Configuration): Promise<AdminApi> {
  const { AdminApi } = await import('@goauthentik/api/dist/apis/AdminApi.js')
  return new AdminApi(configuration)
}

function apiBase(apiUrl: string): string {
  const address = serviceAddress('Authentik', apiUrl)
  return address.endsWith(apiPath) ? address : address + apiPath
}
