import { systemClock, type Clock } from '#server/lib/clock'
import type { Places } from '#server/lib/places'
import type { Checked } from '#server/provisioning/connected/client.port'
import type { StepPlanner } from '#server/provisioning/step-planner.port'
import { serviceAddress } from '../http/request'
import { createAccountsPlanner } from './accounts'
import { createEitherDirectory, type EitherDirectory } from './dialect'
import type { MailRecord } from './directory'
import { createDomainsPlanner } from './domains'
import { createExchange } from './exchange'
import { createJmap } from './jmap'
import { createJmapDomains } from './jmap-domains'
import { createJmapMailboxes } from './jmap-mailboxes'
import { createRest } from './rest'
import { createRestDomains } from './rest-domains'
import { createRestMailboxes } from './rest-mailboxes'

const defaultTimeoutMs = 10_000
/** So long new keys are waited for within a step, which has its place among others meanwhile. */
const longestWaitMs = 2_000

/** Where Stalwart is, and how it is asked. */
export interface StalwartOptions {
  /** http or https; an origin, or the path below which Stalwart is served; with or without `/api` or `/jmap`. */
  apiUrl: string
  /** An API key or access token, or `user:password`. It may manage domains, accounts and DKIM keys. */
  token: string
  /** For one call, from sending to the answer's last byte. Default 10,000. */
  timeoutMs?: number
  fetch?: typeof globalThis.fetch
  clock?: Clock
  /** In which the calls are made, so that no more are under way at a time; none: as many as come. */
  places?: Places | undefined
}

/** Stalwart, as far as Tenantry uses it. */
export interface Stalwart {
  /** Its steps: `domains`, mail domains with their DKIM keys, and `accounts`, a mailbox for each member. */
  readonly planners: StepPlanner[]
  /**
   * The DNS records that Stalwart wants published for a domain: MX, SPF, DKIM, DMARC, SRV and more.
   *
   * @param domain in lower case, as A-labels
   * @returns none where Stalwart has no such domain (yet)
   * @throws IntegrationError
   */
  recordsOf(domain: string, signal: AbortSignal): Promise<MailRecord[]>
  /** Asks which of the two it is, which is all that it tells of its version, and for its domains. @throws IntegrationError */
  check(signal: AbortSignal): Promise<Checked>
}

/**
 * Stalwart over one connection: 0.16 and later are asked over JMAP, 0.15 over its REST API; which of the two, the
 * server says, once for everybody.
 *
 * A domain is a tenant's by the stamp `tenantry:TENANT` in its description, a mailbox by `tenantry:TENANT:USER` in
 * the description of a switched-off alias (0.16) or in a URL (0.15). What carries no stamp or another one is refused.
 * Both are written in the very call that makes the thing.
 *
 * Nobody is given a password: mail is signed in to through the identity provider that Stalwart's directory names, or
 * with a password that an operator sets at Stalwart, which is left as it is.
 *
 * @throws TypeError for an address or a token that can't be used; its message repeats neither
 */
export function createStalwart(options: StalwartOptions): Stalwart {
  const directory = connect(options)
  return {
    planners: [createDomainsPlanner(directory), createAccountsPlanner(directory)],
    recordsOf: (domain, signal) => directory.recordsOf(domain, signal),
    async check(signal) {
      const family = (await directory.dialect(signal)) === 'jmap' ? '0.16 or later' : '0.15'
      await directory.pageOfDomains(null, signal)
      const message = `Stalwart answers (${family}), and lets its domains be read.`
      return { version: null, message }
    },
  }
}

/** @throws TypeError for an address or a token that can't be used */
export const createStalwartPlanners = (options: StalwartOptions): StepPlanner[] =>
  createStalwart(options).planners

/** @throws TypeError for an address or a token that can't be used */
export const createStalwartRecords = (options: StalwartOptions): Pick<Stalwart, 'recordsOf'> =>
  createStalwart(options)

function connect(options: StalwartOptions): EitherDirectory {
  const { timeoutMs = defaultTimeoutMs, fetch = globalThis.fetch, clock = systemClock } = options
  const { authorization, secrets } = credentialsOf(options.token)
  const base = serviceAddress('Stalwart', options.apiUrl).replace(/\/(api|jmap)$/, '')
  const { places } = options
  const exchange = createExchange({ base, authorization, secrets, timeoutMs, fetch, clock, places })
  const jmap = createJmap(exchange, secrets)
  const rest = createRest(exchange, secrets)
  return createEitherDirectory(exchange, {
    jmap: {
      ...createJmapDomains(jmap, { waitMs: Math.min(timeoutMs, longestWaitMs), clock }),
      ...createJmapMailboxes(jmap),
    },
    rest: { ...createRestDomains(rest), ...createRestMailboxes(rest) },
  })
}

/** A key of 0.15 holds no colon, nor does a token: what has one is a name and its password. */
function credentialsOf(token: string): { authorization: string; secrets: string[] } {
  if (!/^[\x20-\x7e]+$/.test(token) || token.trim() !== token)
    throw new TypeError('the API token of Stalwart is not plain ASCII')
  const colon = token.indexOf(':')
  if (colon < 0) {
    if (token.includes(' ')) throw new TypeError('the API token of Stalwart has a space in it')
    return { authorization: `Bearer ${token}`, secrets: [token] }
  }
  const password = token.slice(colon + 1)
  if (colon === 0 || !password) throw new TypeError('the API token of Stalwart lacks a name or a password')
  const encoded = Buffer.from(token).toString('base64')
  return { authorization: `Basic ${encoded}`, secrets: [token, encoded, password] }
}
