import { isIPv4, isIPv6 } from 'node:net'
import type { MailRecord } from './directory'

/** More than any true domain has. */
export const recordLimit = 1_000
/** RFC 1035 section 3.3: what the text of a record can hold at most. */
const textLimit = 65_535

/** A record that is none; `message` says why, and repeats nothing of it. */
export class RecordError extends Error {}

const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?'
const domainName = new RegExp(`^(?:${label}\\.)+$`, 'i')
const anyName = new RegExp(`^(?:\\*\\.)?(?:${label}\\.)+$`, 'i')
const isName = (text: string, pattern = domainName) => text.length <= 254 && pattern.test(text)
const isNumber = (text: string | undefined, most: number) =>
  text !== undefined && /^\d{1,5}$/.test(text) && Number(text) <= most

/** What follows the type, by type: whether it is well-formed. */
const isValue: Record<string, (value: string) => boolean> = {
  A: isIPv4,
  AAAA: isIPv6,
  CNAME: (value) => isName(value),
  NS: (value) => isName(value),
  MX(value) {
    const [preference, exchange = '', ...more] = value.split(' ')
    return more.length === 0 && isNumber(preference, 65_535) && isName(exchange)
  },
  SRV(value) {
    const [priority, weight, port, target = '', ...more] = value.split(' ')
    return more.length === 0 && [priority, weight, port].every((it) => isNumber(it, 65_535)) && isName(target)
  },
  TLSA(value) {
    const [usage, selector, matching, data = '', ...more] = value.split(' ')
    const numbers = [usage, selector, matching].every((it) => isNumber(it, 255))
    return more.length === 0 && numbers && data.length <= 4_096 && /^(?:[0-9a-f]{2})+$/i.test(data)
  },
  CAA(value) {
    const [, flags, text = ''] = /^(\d{1,3}) [a-z0-9]{1,15} "([^"]*)"$/i.exec(value) ?? []
    return isNumber(flags, 255) && text.length <= 1_024
  },
  TXT: (value) => value.length > 0 && value.length <= textLimit,
}

/**
 * Makes a record of its parts, each checked: it will be shown to people who publish what it says.
 *
 * @param name fully qualified, with the dot at its end
 * @throws RecordError
 */
export function recordOf(type: string, name: string, value: string): MailRecord {
  const isWell = Object.hasOwn(isValue, type) ? isValue[type] : undefined
  if (!isWell) throw new RecordError('a type of record that is not known')
  if (!isName(name, anyName)) throw new RecordError('a name that is none')
  if (!/^[\x20-\x7e]*$/.test(value) || !isWell(value))
    throw new RecordError(`a ${type} record without a value of that type`)
  return { type, name: name.slice(0, -1).toLowerCase(), value }
}
