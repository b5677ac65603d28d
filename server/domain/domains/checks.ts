import { addSeconds, type Clock } from '#server/lib/clock'
import { IntegrationError } from '#server/lib/errors'
import type { Log } from '#server/lib/log'
import type { PlatformScope, TenantStores } from '#server/scope'
import { challengeRecord } from './domains.policy'
import {
  byPurpose,
  driftBetween,
  findingOf,
  isSameRecord,
  purposeOf,
  type Findings,
  type PurposefulRecord,
} from './findings.policy'
import type { DomainRow } from './domains.store'
import type { MailRecords } from './records.port'
import { lookUpTypes, type LookUp, type LookUpType, type Resolver } from './resolver.port'

/** What records are looked up with. */
export interface CheckMeans {
  resolver: Resolver
  /** Of the tenant's mail server; nothing where there is none. */
  servicesOf: (tenantId: string) => Promise<{ recordsOf?: MailRecords['recordsOf'] | undefined }>
  log: Log
}

/** More than a mail server wants; each is a question to the DNS. */
const mostRecords = 60
const lookUpsAtOnce = 4
const mailServerMs = 5_000
/** What was not asked by then is not known. Whoever asked waits for it. */
const budgetMs = 8_000
/** Until a mail server that does not know a new domain is asked once in a while only. */
const newSeconds = 3_600

/** What has to be published for a domain, as far as it is known. */
async function wantedFor(domain: DomainRow, means: CheckMeans) {
  const ownership: PurposefulRecord = { purpose: 'ownership', ...challengeRecord(domain) }
  const { log } = means
  const { recordsOf } = await means.servicesOf(domain.tenantId)
  if (!recordsOf) return { mailRecords: 'none' as const, records: [ownership] }
  if (!domain.verifiedAt) return { mailRecords: 'pending' as const, records: [ownership] }
  try {
    const wanted = await recordsOf(domain.name, AbortSignal.timeout(mailServerMs))
    const own = wanted.filter(({ name }) => name === domain.name || name.endsWith(`.${domain.name}`))
    const records = own.map((record) => ({ ...record, purpose: purposeOf(record) })).sort(byPurpose)
    return {
      mailRecords: records.length > 0 ? ('listed' as const) : ('pending' as const),
      records: [ownership, ...records].slice(0, mostRecords),
    }
  } catch (error) {
    if (!(error instanceof IntegrationError) && !(error instanceof DOMException)) throw error
    log.warn({ err: error, domain: domain.name }, 'the mail server did not tell the records of a domain')
    // Those that it told before are still what it wants, as far as anybody knows.
    const known = domain.findings?.records.filter(({ purpose }) => purpose !== 'ownership') ?? []
    return { mailRecords: 'unreachable' as const, records: [ownership, ...known] }
  }
}

/** Looks up every record of a domain. @param known what was looked up a moment ago, by `type name` */
export async function lookAt(
  domain: DomainRow,
  means: CheckMeans,
  clock: Clock,
  known: ReadonlyMap<string, LookUp> = new Map(),
): Promise<Findings> {
  const { mailRecords, records } = await wantedFor(domain, means)
  const questions = new Map(records.map(({ type, name }) => [`${type} ${name}`, { type, name }]))
  const answers = new Map<string, LookUp>(known)
  const open = [...questions].filter(([key]) => !known.has(key)).values()
  const deadline = performance.now() + budgetMs
  const ask = async () => {
    for (const [key, { type, name }] of open)
      if (performance.now() < deadline) answers.set(key, await lookUp(means.resolver, name, type))
  }
  await Promise.all(Array.from({ length: lookUpsAtOnce }, ask))
  return {
    at: clock.now().toISOString(),
    mailRecords,
    records: records.map((record) => {
      const before = domain.findings?.records.find((other) => isSameRecord(other, record))
      return findingOf(record, answers.get(`${record.type} ${record.name}`) ?? unasked, before)
    }),
  }
}

const unasked: LookUp = { kind: 'failed', reason: 'malformed' }

function lookUp(resolver: Resolver, name: string, type: string): Promise<LookUp> {
  const isKnown = (text: string): text is LookUpType => lookUpTypes.some((known) => known === text)
  return isKnown(type) ? resolver.lookUp(name, type) : Promise.resolve(unasked)
}

/**
 * Writes down what was found, and what drifted since: once for each change. To be called within a transaction.
 * A domain whose own TXT record is gone stays the tenant's: names expire and zones are moved, and mail must not be lost
 * by it. It shows, and an operator can take it away.
 */
export async function keep(stores: TenantStores, domain: DomainRow, findings: Findings, clock: Clock) {
  const before = await stores.domains.find(domain.name)
  if (!before || before.id !== domain.id) return
  const { drifted, mended } = driftBetween(before.findings, findings)
  const subject = { kind: 'domain', id: domain.id } as const
  const told = (records: string[]) => ({ domain: domain.name, records: records.join(', ') })
  if (drifted.length > 0)
    await stores.audit.record({ action: 'domain.records_drifted', subject, after: told(drifted) })
  if (mended.length > 0)
    await stores.audit.record({ action: 'domain.records_mended', subject, after: told(mended) })
  const isNew = before.verifiedAt !== null && before.verifiedAt > addSeconds(clock.now(), -newSeconds)
  const isSoon = findings.mailRecords === 'pending' && isNew
  await stores.domains.keepFindings(domain.id, findings, isSoon ? null : clock.now())
}

/** How often verified domains are looked at, and how many at a time. */
export interface CheckRhythm {
  /** Seconds between two looks at one domain. */
  everySeconds: number
  /** How many domains are looked at in one go, at most. */
  limit: number
}

/**
 * Looks at the verified domains whose turn it is, one after the other. Several replicas may do so at once: each domain
 * is taken by one. What is cut off is looked at when it is its turn again.
 *
 * @returns how many were looked at
 */
export async function checkDueDomains(
  scope: PlatformScope,
  means: CheckMeans,
  { everySeconds, limit }: CheckRhythm,
  signal: AbortSignal,
): Promise<number> {
  const { clock } = scope
  const due = await scope.stores.allDomains.due(addSeconds(clock.now(), -everySeconds), limit)
  let looked = 0
  for (const domain of due) {
    if (signal.aborted) break
    if (!(await scope.stores.allDomains.take(domain))) continue
    const findings = await lookAt(domain, means, clock)
    await scope.transaction((stores) => keep(stores.ofTenant(domain.tenantId), domain, findings, clock))
    looked += 1
  }
  return looked
}
