import type { MailRecord } from './directory'
import { RecordError, recordLimit, recordOf } from './records'

/** More than any true zone has, in characters. */
const zoneLimit = 512 * 1024

/** A kind of DKIM key, as its record says (RFC 6376 section 3.6.1, RFC 8463 section 3). */
export type KeyType = 'rsa' | 'ed25519'

/**
 * Reads what Stalwart gives as a domain's zone: of BIND's form (RFC 1035 section 5.1) what it writes, and no more.
 * That is one `name. IN TYPE value` a line; the text of TXT is quoted, or in brackets over several lines where it is
 * long, and then joined. In a text `\"` and `\\` stand for `"` and `\`.
 *
 * @throws RecordError naming the line, without repeating any of it
 */
export function parseZone(zone: string): MailRecord[] {
  if (zone.length > zoneLimit) throw new RecordError('a zone that is too large')
  const lines = zone.split('\n').entries()
  const records: MailRecord[] = []
  for (const [index, line] of lines) {
    if (line === '') continue
    try {
      records.push(parseLine(line, () => lines.next().value?.[1]))
    } catch (error) {
      if (!(error instanceof RecordError)) throw error
      throw new RecordError(`a zone that has ${error.message}, in line ${index + 1}`)
    }
    if (records.length > recordLimit) throw new RecordError('a zone of too many records')
  }
  return records
}

function parseLine(line: string, next: () => string | undefined): MailRecord {
  const [name = '', scope, type = '', ...rest] = line.split(' ')
  if (scope !== 'IN') throw new RecordError('something that is no record')
  const value = rest.join(' ')
  if (type !== 'TXT') return recordOf(type, name, value)
  return recordOf(type, name, value === '(' ? parseChunks(next) : unquote(value))
}

function parseChunks(next: () => string | undefined): string {
  const chunks: string[] = []
  for (let line = next(); line !== ')'; line = next()) {
    if (line === undefined) throw new RecordError('a text without an end')
    chunks.push(unquote(line.trimStart()))
  }
  return chunks.join('')
}

function unquote(text: string): string {
  const [, inner] = /^"((?:[^"\\]|\\["\\])*)"$/.exec(text) ?? []
  if (inner === undefined) throw new RecordError('a text that is not quoted as it should be')
  return inner.replace(/\\(["\\])/g, '$1')
}

/** Which DKIM keys a zone publishes. What else is in it does not matter, so that it is never an obstacle here. */
export function signingKeysOf(zone: string): Set<KeyType> {
  const keys = new Set<KeyType>()
  let record = ''
  for (const line of [...zone.split('\n'), '.']) {
    if (/^[\s)]/.test(line)) {
      record += line
      continue
    }
    collect(record, keys)
    record = line
  }
  return keys
}

/** Which DKIM keys records publish. */
export function signingKeysOfRecords(records: readonly MailRecord[]): Set<KeyType> {
  const keys = new Set<KeyType>()
  for (const { type, name, value } of records) collect(`${name}. IN ${type} ${value}`, keys)
  return keys
}

function collect(record: string, keys: Set<KeyType>): void {
  const space = record.indexOf(' ')
  if (!record.slice(0, space).includes('._domainkey.') || !record.startsWith(' IN TXT ', space)) return
  // Without the tag it is RSA; without a key it was taken back (RFC 6376 section 3.6.1).
  const [, type = 'rsa'] = /[;"\s]k\s*=\s*([a-z0-9]+)/.exec(record) ?? []
  if (/[;"\s]p\s*=\s*[A-Za-z0-9+/]/.test(record) && (type === 'rsa' || type === 'ed25519')) keys.add(type)
}

/** Whether both kinds are there. */
export const hasBoth = (keys: ReadonlySet<KeyType>): boolean => keys.has('rsa') && keys.has('ed25519')
