import { systemClock, type Clock } from '#server/lib/clock'
import type { Places } from '#server/lib/places'
import type { StepPlanner } from '#server/provisioning/step-planner.port'
import { serviceAddress } from '../http/request'
import { createAuthorization, type OcisAuth } from './authorization'
import { createExchange } from './exchange'
import { createSpaceHints } from './found'
import { createMemberStep } from './member-step'
import { createOwnUser } from './own-user'
import { createPeople } from './people'
import { createPermissions } from './permissions'
import { createSpaceStep } from './space-step'
import { createSpaces } from './spaces'

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
  /** Asks who we are, and for the spaces. @returns what came back, in words @throws IntegrationError */
  check(signal: AbortSignal): Promise<string>
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
  const base = apiBase(options.apiUrl)
  const authorization = createAuthorization(auth, { timeoutMs, clock, fetch, places })
  const exchange = createExchange({ base, authorization, timeoutMs, clock, fetch, places })
  const spaces = createSpaces(exchange)
  const ownUser = createOwnUser(exchange, authorization)
  const people = createPeople(exchange)
  const permissions = createPermissions(exchange)
  const hints = createSpaceHints()
  return {
    planners: [
      createSpaceStep(spaces, hints),
      createMemberStep({ spaces, hints, ownUser, people, permissions, createUsers }),
    ],
    async check(signal) {
      await ownUser(signal)
      let count = 0
      await spaces.each(() => void (count += 1), signal)
      return `OCIS answers, knows who we are, and shows ${count} spaces.`
    },
  }
}

/** @throws TypeError for an address or credentials that can't be used */
export const createOcisPlanners = (options: OcisOptions): StepPlanner[] => createOcis(options).planners

function apiBase(apiUrl: string): string {
  const address = serviceAddress('OCIS', apiUrl)
  return address.endsWith(apiPath) ? address : address + apiPath
}
