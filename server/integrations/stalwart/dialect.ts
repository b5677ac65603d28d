import { IntegrationError } from '#server/lib/errors'
import { createShared } from '../http/shared'
import type { Directory, Mailbox, MailDomain, Page } from './directory'
import { anything, type Exchange } from './exchange'
import { failed, RefusedError } from './failure'
import { Session } from './wire'

export const dialects = ['jmap', 'rest'] as const
/** `jmap`: 0.16 and later. `rest`: 0.15. */
export type Dialect = (typeof dialects)[number]

/** What the server said; each time that it was asked, another. */
interface Answered {
  readonly dialect: Dialect
}

export interface EitherDirectory extends Directory {
  /** Which of the two the server speaks, as far as it is known. */
  dialect(signal: AbortSignal): Promise<Dialect>
}

/**
 * Asks the server once which of the two it speaks, for all who want to know, and again where it refuses or answers as
 * one that speaks the other: so an upgrade needs no restart. What was read in one dialect is never asked for in the other, where its id may be that of
 * something else: such a call fails as `unavailable`, and what it was for is planned anew.
 *
 * @param directories that of each dialect
 */
export function createEitherDirectory(
  exchange: Exchange,
  directories: Readonly<Record<Dialect, Directory>>,
): EitherDirectory {
  let known: Answered | undefined
  const askDialect = createShared(async (signal) => (known = { dialect: await askServer(exchange, signal) }))
  const origins = new WeakMap<MailDomain | Mailbox, Dialect>()

  const current = async (signal: AbortSignal) => known ?? askDialect(signal)

  /**
   * After a call failed that went by `used`. Of many that fail together one asks.
   *
   * @returns undefined where it speaks the same as before
   * @throws the failure where it can't be that of another dialect
   */
  async function askAgain(error: unknown, used: Answered, signal: AbortSignal): Promise<Dialect | undefined> {
    if (!looksForeign(error)) throw error
    const { dialect } = known === used ? await askDialect(signal).catch(() => used) : await current(signal)
    signal.throwIfAborted()
    return dialect === used.dialect ? undefined : dialect
  }

  /** Whatever is asked for by name alone. */
  async function ask<Result>(
    work: (directory: Directory, dialect: Dialect) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    const used = await current(signal)
    try {
      return await work(directories[used.dialect], used.dialect)
    } catch (error) {
      const other = await askAgain(error, used, signal)
      if (!other) throw error
      return work(directories[other], other)
    }
  }

  /** Whatever is asked for by what was read before. */
  async function askAbout<Result>(
    things: readonly (MailDomain | Mailbox)[],
    work: (directory: Directory, dialect: Dialect) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    const used = await current(signal)
    if (things.some((thing) => origins.get(thing) !== used.dialect)) throw wasUpgraded()
    try {
      return await work(directories[used.dialect], used.dialect)
    } catch (error) {
      throw (await askAgain(error, used, signal)) ? wasUpgraded() : error
    }
  }

  function remember<Thing extends MailDomain | Mailbox>(things: readonly Thing[], dialect: Dialect): Thing[] {
    for (const thing of things) origins.set(thing, dialect)
    return [...things]
  }

  /** A page's cursor says of which dialect it is: one of the other begins from the start. */
  function page<Thing extends MailDomain | Mailbox>(
    cursor: string | null,
    signal: AbortSignal,
    read: (directory: Directory, cursor: string | null) => Promise<Page<Thing>>,
  ): Promise<Page<Thing>> {
    return ask(async (directory, dialect) => {
      const prefix = `${dialect}:`
      const within = cursor?.startsWith(prefix) ? cursor.slice(prefix.length) : null
      const { items, next } = await read(directory, within)
      return { items: remember(items, dialect), next: next === null ? null : prefix + next }
    }, signal)
  }

  const domainsOf = (items: readonly { domain: MailDomain }[]) => items.map(({ domain }) => domain)

  return {
    dialect: async (signal) => (await current(signal)).dialect,
    findDomains: (names, tenantId, signal) =>
      ask(async (it, dialect) => remember(await it.findDomains(names, tenantId, signal), dialect), signal),
    pageOfDomains: (cursor, signal) => page(cursor, signal, (it, within) => it.pageOfDomains(within, signal)),
    createDomain: (name, tenantId, signal) => ask((it) => it.createDomain(name, tenantId, signal), signal),
    enableDomain: (domain, signal) => askAbout([domain], (it) => it.enableDomain(domain, signal), signal),
    ensureSigning: (name, tenantId, signal) => ask((it) => it.ensureSigning(name, tenantId, signal), signal),
    deleteKeys: (domain, signal) => askAbout([domain], (it) => it.deleteKeys(domain, signal), signal),
    deleteDomain: (domain, signal) => askAbout([domain], (it) => it.deleteDomain(domain, signal), signal),
    listMailboxes: (domains, signal) =>
      askAbout(
        domains,
        async (it, dialect) => remember(await it.listMailboxes(domains, signal), dialect),
        signal,
      ),
    pageOfMailboxes: (cursor, signal) =>
      page(cursor, signal, (it, within) => it.pageOfMailboxes(within, signal)),
    createMailbox: (mailbox, signal) =>
      askAbout(domainsOf([mailbox, ...mailbox.aliases]), (it) => it.createMailbox(mailbox, signal), signal),
    changeMailbox(mailbox, changes, signal) {
      const { address, addAliases = [], removeAliases = [] } = changes
      const domains = domainsOf([...(address ? [address] : []), ...addAliases, ...removeAliases])
      return askAbout([mailbox, ...domains], (it) => it.changeMailbox(mailbox, changes, signal), signal)
    },
    deleteMailbox: (mailbox, signal) =>
      askAbout([mailbox], (it) => it.deleteMailbox(mailbox, signal), signal),
    recordsOf: (name, signal) => ask((it) => it.recordsOf(name, signal), signal),
  }
}

const wasUpgraded = () =>
  failed('unavailable', 'Stalwart speaks another version than when it was read: it has to be read again')

/** A path that is not there; JMAP of a server that is not managed over it; or an answer in another shape. */
function looksForeign(error: unknown): boolean {
  if (error instanceof IntegrationError && error.kind === 'contract') return true
  if (!(error instanceof RefusedError)) return false
  const codes = ['unknownCapability', 'unknownMethod', 'notRequest']
  return [404, 405].includes(error.status) || codes.includes(error.code ?? '')
}

async function askServer(exchange: Exchange, signal: AbortSignal): Promise<Dialect> {
  const purpose = 'say which version it is'
  try {
    const call = { purpose, method: 'GET', path: '/jmap/session', answer: Session } as const
    const { isManagedOverJmap } = await exchange(call, signal)
    return isManagedOverJmap ? 'jmap' : 'rest'
  } catch (error) {
    // 0.15 takes an API key below /api alone.
    const isKeyOfRest = error instanceof RefusedError && error.status === 401
    if (isKeyOfRest && (await hasRest(exchange, signal))) return 'rest'
    throw error
  }
}

async function hasRest(exchange: Exchange, signal: AbortSignal): Promise<boolean> {
  try {
    const path = '/api/principal?types=domain&page=1&limit=1'
    await exchange({ purpose: 'list a domain', method: 'GET', path, answer: anything }, signal)
    return true
  } catch (error) {
    if (error instanceof RefusedError && [401, 404].includes(error.status)) return false
    throw error
  }
}
