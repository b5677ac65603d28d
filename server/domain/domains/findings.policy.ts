import type { DomainRecord, MailRecordsState, RecordPurpose, RecordStatus } from '#shared/contracts/domains'
import type { WantedRecord } from './records.port'
import type { LookUp } from './resolver.port'

/** How much of what was found is kept: a domain of somebody's own can hold anything. */
const mostFound = 10
const longestFound = 1_024

/** What was found of one record. */
export interface Finding extends DomainRecord {
  /** It was there once: from then on its absence is news. */
  wasOk: boolean
}

/** What was found of all records of a domain. */
export interface Findings {
  /** RFC 3339. */
  at: string
  mailRecords: MailRecordsState
  records: Finding[]
}

/** A record to publish, with what it is for. */
export interface PurposefulRecord extends WantedRecord {
  purpose: RecordPurpose
}

/** What a record that the mail server wants is for. */
export function purposeOf({ type, name, value }: WantedRecord): RecordPurpose {
  if (type === 'MX') return 'mx'
  if (type === 'TXT' && isSpf(value)) return 'spf'
  if (type === 'TXT' && name.includes('._domainkey.')) return 'dkim'
  if (type === 'TXT' && name.startsWith('_dmarc.')) return 'dmarc'
  if (type === 'SRV' || /^(autoconfig|autodiscover)\./.test(name)) return 'clients'
  return 'other'
}

const order: readonly RecordPurpose[] = ['ownership', 'mx', 'spf', 'dkim', 'dmarc', 'clients', 'other']
export const byPurpose = (a: PurposefulRecord, b: PurposefulRecord) =>
  order.indexOf(a.purpose) - order.indexOf(b.purpose)

/**
 * Holds a record against what was looked up.
 *
 * @param before what was found of it the last time
 */
export function findingOf(record: PurposefulRecord, lookUp: LookUp, before: Finding | undefined): Finding {
  const { purpose, type, name, value } = record
  const { status, found } = compare(record, lookUp)
  const wasOk = before?.wasOk === true || status === 'ok'
  // Who could not be asked has not changed anything.
  const drifted = status === 'unknown' ? before?.drifted === true : wasOk && status !== 'ok'
  const kept = found.slice(0, mostFound).map((text) => text.slice(0, longestFound))
  return { purpose, type, name, value, status, found: kept, drifted, wasOk }
}

/** Whether two are the same record to publish. A mail server that changes what it wants has another one. */
export const isSameRecord = (a: WantedRecord, b: WantedRecord) =>
  a.type === b.type && a.name === b.name && a.value === b.value

/** What changed between two looks, each as `MX acme.example`. */
export function driftBetween(
  before: Findings | null,
  after: Findings,
): { drifted: string[]; mended: string[] } {
  const label = ({ type, name }: Finding) => `${type} ${name}`
  const wasDrifted = (record: Finding) =>
    before?.records.some((other) => isSameRecord(other, record) && other.drifted) === true
  return {
    drifted: after.records.filter((record) => record.drifted && !wasDrifted(record)).map(label),
    mended: after.records.filter((record) => !record.drifted && wasDrifted(record)).map(label),
  }
}

function compare(
  record: PurposefulRecord,
  lookUp: LookUp,
): { status: RecordStatus; found: readonly string[] } {
  if (lookUp.kind === 'failed') return { status: 'unknown', found: [] }
  const values = lookUp.kind === 'found' ? lookUp.values : []
  const relevant = values.filter((value) => isOfItsKind(record, value))
  if (relevant.length === 0) return { status: 'missing', found: [] }
  return { status: judge(record, relevant) ? 'ok' : 'different', found: relevant }
}

/** Other texts of the same name, such as somebody else's proof of ownership, are none of our business. */
function isOfItsKind({ purpose, type, value }: PurposefulRecord, found: string): boolean {
  if (purpose === 'ownership') return found.startsWith('tenantry-verification=')
  if (purpose === 'spf') return isSpf(found)
  const [, version] = /^v=([a-z0-9]+)/i.exec(value) ?? []
  if (type === 'TXT' && version && purpose !== 'dkim')
    return found.toLowerCase().startsWith(`v=${version.toLowerCase()}`)
  return true
}

function judge({ purpose, type, value }: PurposefulRecord, found: readonly string[]): boolean {
  const [only = ''] = found
  switch (purpose) {
    case 'ownership':
      return found.some((text) => text.trim() === value)
    // Two of them are an error to who reads them (RFC 7208 section 4.5, RFC 7489 section 6.6.3).
    case 'spf':
      return found.length === 1 && termsOf(value).every((term) => isAll(term) || termsOf(only).includes(term))
    case 'dmarc':
      return found.length === 1 && strictness(only) >= strictness(value)
    case 'dkim':
      return found.some((text) => isSameKey(text, value))
    case 'mx':
      return isFirstExchange(value, found)
  }
  if (type === 'TXT') return found.some((text) => squeezed(text) === squeezed(value))
  if (type === 'SRV') return found.some((text) => sansPriority(text) === sansPriority(value))
  return found.some((text) => plain(text) === plain(value))
}

const isSpf = (text: string) => /^v=spf1( |$)/i.test(text)
const isAll = (term: string) => /^[-+~?]?all$/.test(term)
const termsOf = (text: string) => text.toLowerCase().split(/\s+/).filter(Boolean)
/** Hosts end in a dot or not, in letters of either case. */
const plain = (text: string) => text.toLowerCase().replace(/\.$/, '')
const squeezed = (text: string) => text.replace(/\s+/g, '').replace(/;$/, '').toLowerCase()
/** Port and target of SRV: how the load is spread is the domain's own affair. */
const sansPriority = (text: string) => plain(text).split(' ').slice(2).join(' ')

/** Ours is there, and no other takes mail before it. */
function isFirstExchange(value: string, found: readonly string[]): boolean {
  const [, ours = ''] = plain(value).split(' ')
  const exchanges = found.map((text) => {
    const [preference, host = ''] = plain(text).split(' ')
    return { preference: Number(preference), host }
  })
  const best = Math.min(...exchanges.map(({ preference }) => preference))
  return exchanges.some(({ preference, host }) => host === ours && preference === best)
}

/** The tags of `k=rsa; p=…`, without white space (RFC 6376 section 3.2). */
function tagsOf(text: string): Map<string, string> {
  const tags = text.split(';').map((tag) => {
    const [name = '', ...value] = tag.split('=')
    return [name.trim().toLowerCase(), value.join('=').replace(/\s+/g, '')] as const
  })
  return new Map(tags)
}

function isSameKey(found: string, wanted: string): boolean {
  const [a, b] = [tagsOf(found), tagsOf(wanted)]
  const key = b.get('p')
  return Boolean(key) && a.get('p') === key && (a.get('k') ?? 'rsa') === (b.get('k') ?? 'rsa')
}

/** A stricter policy than the one proposed is as good. */
const strictness = (text: string) => ['none', 'quarantine', 'reject'].indexOf(tagsOf(text).get('p') ?? '')
