import { z } from 'zod'
import { lowerAscii } from '#server/lib/ascii'
import type { Directory, MailDomain, MailRecord } from './directory'
import { misfit, RefusedError } from './failure'
import { RecordError, recordLimit, recordOf } from './records'
import { allPages, unless, type Rest } from './rest'
import { pageNumber, pageSize, principalPath, principalsPath } from './rest-paths'
import { domainStamp, isSigned, signedDescription, stampedTenant } from './stamp'
import { Principal, PrincipalPage, RecordList } from './wire'
import { hasBoth, signingKeysOfRecords } from './zone'

const nothing = z.unknown()
const fields = ['type', 'name', 'description']

type Domains = Omit<
  Directory,
  'listMailboxes' | 'pageOfMailboxes' | 'createMailbox' | 'changeMailbox' | 'deleteMailbox'
>

/**
 * A key is used only after Stalwart has read its settings again, and nothing tells whether it has: so the domain's
 * description says that it was asked to.
 */
export function createRestDomains(rest: Rest): Domains {
  async function named(name: string, signal: AbortSignal): Promise<Principal | undefined> {
    try {
      return await rest(
        {
          purpose: `look for the domain ${name}`,
          method: 'GET',
          path: principalPath(name),
          answer: Principal,
        },
        signal,
      )
    } catch (error) {
      if (error instanceof RefusedError && error.code === 'notFound') return undefined
      throw error
    }
  }

  const pageOf = (page: number, filter: string | undefined, signal: AbortSignal) =>
    rest(
      {
        purpose: 'list its domains',
        method: 'GET',
        path: principalsPath({ types: 'domain', fields, page, filter }),
        answer: PrincipalPage,
      },
      signal,
    )

  async function stampedFor(tenantId: string, signal: AbortSignal): Promise<Principal[]> {
    const found = await allPages('list its domains', (page) => pageOf(page, tenantId, signal))
    return found.filter(
      ({ type, description }) => type === 'domain' && stampedTenant(description) === tenantId,
    )
  }

  async function recordsOf(name: string, signal: AbortSignal): Promise<MailRecord[]> {
    const purpose = `give the DNS records of ${name}`
    const path = `/api/dns/records/${encodeURIComponent(name)}`
    const records = await rest({ purpose, method: 'GET', path, answer: RecordList }, signal)
    try {
      if (records.length > recordLimit) throw new RecordError('too many records')
      return records.map(({ type, name: owner, content }) => recordOf(type, owner, content))
    } catch (error) {
      if (error instanceof RecordError) throw misfit(purpose, error.message)
      throw error
    }
  }

  async function observe(principal: Principal, signal: AbortSignal): Promise<MailDomain> {
    const isReady =
      isSigned(principal.description) &&
      hasBoth(signingKeysOfRecords(await recordsOf(principal.name, signal)))
    return { ...toDomain(principal), signing: isReady ? 'ready' : 'missing' }
  }

  const reload = (signal: AbortSignal) =>
    rest({ purpose: 'read its settings again', method: 'GET', path: '/api/reload', answer: nothing }, signal)

  return {
    async findDomains(names, tenantId, signal) {
      const found = new Map((await stampedFor(tenantId, signal)).map((it) => [lowerAscii(it.name), it]))
      for (const name of names) {
        const principal = found.has(name) ? undefined : await named(name, signal)
        if (principal) found.set(name, principal)
      }
      const domains: MailDomain[] = []
      for (const principal of found.values()) {
        const isOurs = principal.type === 'domain' && stampedTenant(principal.description) === tenantId
        domains.push(isOurs ? await observe(principal, signal) : toDomain(principal))
      }
      return domains
    },

    async pageOfDomains(cursor, signal) {
      const page = pageNumber(cursor)
      const { items, total } = await pageOf(page, undefined, signal)
      const next = items.length > 0 && page * pageSize < total ? String(page + 1) : null
      return { items: items.filter(({ type }) => type === 'domain').map(toDomain), next }
    },

    async createDomain(name, tenantId, signal) {
      const body = {
        type: 'domain',
        name,
        description: domainStamp(tenantId),
        quota: 0,
        secrets: [],
        emails: [],
        urls: [],
        memberOf: [],
        roles: [],
        lists: [],
        members: [],
        enabledPermissions: [],
        disabledPermissions: [],
        externalMembers: [],
      }
      const purpose = `create the domain ${name}`
      await rest({ purpose, method: 'POST', path: '/api/principal', body, answer: nothing }, signal)
    },

    // A domain of 0.15 can't be switched off.
    enableDomain: () => Promise.resolve(),

    async ensureSigning(name, tenantId, signal) {
      const keys = signingKeysOfRecords(await recordsOf(name, signal))
      for (const [type, algorithm] of [
        ['ed25519', 'Ed25519'],
        ['rsa', 'Rsa'],
      ] as const) {
        if (keys.has(type)) continue
        const body = { id: null, algorithm, domain: name, selector: null }
        const purpose = `make a DKIM key of ${name}`
        // Where somebody was quicker, what they made serves.
        await unless(
          'fieldAlreadyExists',
          rest({ purpose, method: 'POST', path: '/api/dkim', body, answer: nothing }, signal),
        )
      }
      await reload(signal)
      const domain = await named(name, signal)
      if (stampedTenant(domain?.description) !== tenantId) return
      const description = signedDescription(domain?.description ?? '')
      const body = [{ action: 'set', field: 'description', value: description }]
      const purpose = `mark the domain ${name}`
      await rest({ purpose, method: 'PATCH', path: principalPath(name), body, answer: nothing }, signal)
    },

    async deleteKeys({ name }, signal) {
      const purpose = `delete the DKIM keys of ${name}`
      // By their whole names: what begins with this domain's name may be a key of another one.
      const keys = ['rsa', 'ed25519'].flatMap((type) =>
        keySettings.map((it) => `signature.${type}-${name}.${it}`),
      )
      const body = [{ type: 'delete', keys }]
      await rest({ purpose, method: 'POST', path: '/api/settings', body, answer: nothing }, signal)
      await reload(signal)
    },

    async deleteDomain({ name }, signal) {
      const purpose = `delete the domain ${name}`
      await unless(
        'notFound',
        rest({ purpose, method: 'DELETE', path: principalPath(name), answer: nothing }, signal),
      )
    },

    async recordsOf(name, signal) {
      const domain = await named(name, signal)
      return domain?.type === 'domain' ? recordsOf(name, signal) : []
    },
  }
}

/** What 0.15 keeps of a key that it made. */
const keySettings = [
  'domain',
  'selector',
  'algorithm',
  'canonicalization',
  'headers.0',
  'headers.1',
  'headers.2',
  'headers.3',
  'headers.4',
  'report',
  'private-key',
]

function toDomain({ id, type, name, description }: Principal): MailDomain {
  const isMarked = isSigned(description)
  return {
    id: String(id),
    key: lowerAscii(name),
    name: lowerAscii(name),
    aliases: [],
    // A person or a list can have a domain's name too, and is none.
    tenantId: type === 'domain' ? stampedTenant(description) : null,
    isEnabled: true,
    signing: isMarked ? 'ready' : 'missing',
    fingerprint: JSON.stringify([lowerAscii(name), true, isMarked]),
  }
}
