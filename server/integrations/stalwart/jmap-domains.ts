import { lowerAscii } from '#server/lib/ascii'
import type { Clock } from '#server/lib/clock'
import type { Directory, MailDomain, Signing } from './directory'
import { isObjectOf, misfit, ObstructedError } from './failure'
import type { Asked, Jmap } from './jmap'
import { createSigning } from './jmap-signing'
import { RecordError } from './records'
import { domainStamp, stampedTenant } from './stamp'
import { DomainObject, SignatureObject } from './wire'
import { hasBoth, parseZone, signingKeysOf } from './zone'

/** How long Stalwart may take to make keys before they are made here: a tenant's mailboxes wait for them. */
const makingMs = 2 * 60_000

const domains = (purpose: string): Asked<typeof DomainObject> => ({
  purpose,
  type: 'x:Domain',
  properties: ['name', 'description', 'aliases', 'isEnabled', 'createdAt', 'dkimManagement', 'dnsZoneFile'],
  object: DomainObject,
})

const signatures = (name: string): Asked<typeof SignatureObject> => ({
  purpose: `look for the DKIM keys of ${name}`,
  type: 'x:DkimSignature',
  properties: ['domainId'],
  object: SignatureObject,
})

type Domains = Omit<
  Directory,
  'listMailboxes' | 'pageOfMailboxes' | 'createMailbox' | 'changeMailbox' | 'deleteMailbox'
>

/** @param options.waitMs how long the making of keys is waited for */
export function createJmapDomains(jmap: Jmap, options: { waitMs: number; clock: Clock }): Domains {
  const { clock } = options

  async function named(
    name: string,
    purpose: string,
    signal: AbortSignal,
  ): Promise<DomainObject | undefined> {
    const found = await jmap.find(domains(purpose), [{ name }], signal)
    return found.find((domain) => lowerAscii(domain.name) === name)
  }

  const signing = createSigning({
    jmap,
    waitMs: options.waitMs,
    async read(name, signal) {
      const domain = await named(name, `read the DKIM keys of ${name}`, signal)
      return (
        domain && { ...domain, keys: signingKeysOf(domain.dnsZoneFile), signing: signingOf(domain, clock) }
      )
    },
  })

  const deleteDomain = ({ id, name }: MailDomain, signal: AbortSignal) =>
    jmap.set(`delete the domain ${name}`, 'x:Domain', { destroy: [id] }, signal)

  /**
   * Whether nothing but keys keeps the domain from being deleted. Stalwart says what does where it refuses to delete
   * it, and nowhere else: so that is what it is asked to do. One without keys goes with that.
   *
   * @throws RefusedError where something else does
   */
  async function isHeldByKeys(domain: MailDomain, signal: AbortSignal): Promise<boolean> {
    try {
      await deleteDomain(domain, signal)
      return false
    } catch (error) {
      const isLinked = error instanceof ObstructedError && error.code === 'objectIsLinked'
      if (isLinked && error.links.every((link) => isObjectOf('DkimSignature', link))) return true
      throw error
    }
  }

  return {
    async findDomains(names, tenantId, signal) {
      // The text of a domain is its name, its aliases and its description; words of one letter are not in it.
      const filters = [...[...names, tenantId].map((text) => ({ text })), ...names.map((name) => ({ name }))]
      const found = await jmap.find(domains('look for domains'), filters, signal)
      const unique = new Map(found.map((domain) => [domain.id, toDomain(domain, clock)]))
      return [...unique.values()].filter(
        (domain) =>
          domain.tenantId === tenantId || [domain.name, ...domain.aliases].some((it) => names.includes(it)),
      )
    },

    async pageOfDomains(cursor, signal) {
      const { items, next } = await jmap.page(domains('list its domains'), cursor, signal)
      return { items: items.map((domain) => toDomain(domain, clock)), next }
    },

    createDomain(name, tenantId, signal) {
      const create = {
        name,
        description: domainStamp(tenantId),
        aliases: {},
        certificateManagement: { '@type': 'Manual' },
        dkimManagement: { '@type': 'Automatic' },
        dnsManagement: { '@type': 'Manual' },
        subAddressing: { '@type': 'Enabled' },
      }
      return jmap.set(`create the domain ${name}`, 'x:Domain', { create }, signal)
    },

    enableDomain({ id, name }, signal) {
      const update = { id, patch: { isEnabled: true } }
      return jmap.set(`enable the domain ${name}`, 'x:Domain', { update }, signal)
    },

    ensureSigning: (name, _tenantId, signal) => signing(name, signal),

    async deleteKeys(domain, signal) {
      const { id, name } = domain
      if (!(await isHeldByKeys(domain, signal))) return
      const found = await jmap.find(signatures(name), [{ domainId: id }], signal)
      const destroy = found.filter(({ domainId }) => domainId === id).map((key) => key.id)
      if (destroy.length === 0) return
      await jmap.set(`delete the DKIM keys of ${name}`, 'x:DkimSignature', { destroy }, signal)
    },

    deleteDomain,

    async recordsOf(name, signal) {
      const purpose = `give the DNS records of ${name}`
      const domain = await named(name, purpose, signal)
      try {
        return domain ? parseZone(domain.dnsZoneFile) : []
      } catch (error) {
        if (error instanceof RecordError) throw misfit(purpose, error.message)
        throw error
      }
    },
  }
}

function signingOf(domain: DomainObject, clock: Clock): Signing {
  if (hasBoth(signingKeysOf(domain.dnsZoneFile))) return 'ready'
  const ageMs = clock.now().getTime() - Date.parse(domain.createdAt ?? '')
  // Of one that was made in the future nobody knows how long it would be waited for.
  const isFresh = Math.abs(ageMs) < makingMs
  return domain.dkimManagement['@type'] === 'Automatic' && isFresh ? 'pending' : 'missing'
}

function toDomain(domain: DomainObject, clock: Clock): MailDomain {
  const { id, isEnabled } = domain
  const name = lowerAscii(domain.name)
  const keys = [...signingKeysOf(domain.dnsZoneFile)].sort()
  return {
    id,
    key: id,
    name,
    aliases: domain.aliases.map((alias) => lowerAscii(alias)),
    tenantId: stampedTenant(domain.description),
    isEnabled,
    signing: signingOf(domain, clock),
    fingerprint: JSON.stringify([name, isEnabled, keys]),
  }
}
