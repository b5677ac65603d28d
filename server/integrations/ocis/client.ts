import { systemClock, type Clock } from '#server/lib/clock'
import type { Places } from '#server/lib/places'
import type { TokenMint } from '#server/domain/vaults/token-mint.port'
import type { Checked } from '#server/provisioning/connected/client.port'
import type { StepPlanner } from '#server/provisioning/step-planner.port'
import { serviceAddress } from '../http/request'
import { toldVersion } from '../http/told-version'
import { createAuthorization, type OcisAuth } from './authorization'
import { createExchange } from './exchange'
import { createSpaceHints } from './found'
import { createLeaseAccounts } from './lease-accounts'
import { createMemberStep } from './member-step'
import { createOwnUser } from './own-user'
import { createPeople } from './people'
import { createPermissions } from './permissions'
import { createSpaceStep } from './space-step'
import { createSpaces } from './spaces'
import { createTokenMint } from './token-mint'
import { createVersionReader } from './version'

export type { OcisAuth } from './authorization'

const apiPath = '/graph'
const defaultTimeoutMs = 10_000

/** Where OCIS or OpenCloud is, and how it is asked. */
export interface OcisOptions {
  /** http or https; an origin, or the path below which it is served; with or without `/graph`. */
  apiUrl: string
  /**
   * Of a service account with the role Space Admin, which may list all spaces, or Admin, which may read all accounts
   * too. It stays a manager of every space that it makes.
   */
  auth: OcisAuth
  /** Whether a member who has no account there gets one, with the e-mail address as username. Default false. */
  createUsers?: boolean
  /** For one call, from sending to the answer's last byte; for a listing six times as long. Default 10,000. */
  timeoutMs?: number
  fetch?: typeof globalThis.fetch
  clock?: Clock
  /** In which the calls are made, so that no more are under way at a time; none: as many as come. */
  places?: Places | undefined
}

/** OCIS or OpenCloud, as far as Tenantry uses it. */
export interface Ocis {
  /** Its steps: `space` and `members`, which share one token. */
  readonly planners: StepPlanner[]
  /** Asks who we are, for the spaces, and for its version. @throws IntegrationError */
  check(signal: AbortSignal): Promise<Checked>
  /** Mints tokens for leases. That takes the role Admin, and a server that is set up for it. */
  readonly tokenMint: TokenMint
}

/** @throws TypeError for an address or credentials that can't be used; its message repeats none of them */
export function createOcis(options: OcisOptions): Ocis {
  const {
    auth,
    createUsers = false,
    timeoutMs = defaultTimeoutMs,
    fetch = globalThis.fetch,
    clock = systemClock,
    places,
  } = options
  const root = serviceAddress('OCIS', options.apiUrl).replace(/\/graph$/, '')
  const base = root + apiPath
  const readVersion = createVersionReader({ base: root, timeoutMs, clock, fetch, places })
  const authorization = createAuthorization(auth, { timeoutMs, clock, fetch, places })
  const exchange = createExchange({ base, authorization, timeoutMs, clock, fetch, places })
  const spaces = createSpaces(exchange)
  const ownUser = createOwnUser(exchange, authorization)
  const people = createPeople(exchange)
  const permissions = createPermissions(exchange)
  const hints = createSpaceHints()
  const accounts = createLeaseAccounts(exchange)
  const calls = { base, exchange, timeoutMs, clock, fetch, places }
  async function countSpaces(signal: AbortSignal): Promise<number> {
    await ownUser(signal)
    let count = 0
    await spaces.each(() => void (count += 1), signal)
    return count
  }
  return {
    tokenMint: createTokenMint({ ...calls, accounts, spaces, hints, permissions }),
    planners: [
      createSpaceStep(spaces, hints),
      createMemberStep({ spaces, hints, ownUser, people, permissions, accounts, createUsers }),
    ],
    async check(signal) {
      const [version, count] = await Promise.all([toldVersion(readVersion, signal), countSpaces(signal)])
      const name = version === null ? 'OCIS' : `OCIS ${version}`
      const shown = count === 1 ? '1 space' : `${count} spaces`
      return { version, message: `${name} answers, knows who we are, and shows ${shown}.` }
    },
  }
}

/** @throws TypeError for an address or credentials that can't be used */
export const createOcisPlanners = (options: OcisOptions): StepPlanner[] => createOcis(options).planners
