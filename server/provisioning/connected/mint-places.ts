import { parseCredential } from '#server/domain/connections/connections'
import type { MintPlaces, MintService, TokenMint } from '#server/domain/vaults/token-mint.port'
import { IntegrationError } from '#server/lib/errors'
import type { Sealer } from '#server/vault/seal'
import type { Gate } from '../gates'
import type { Connector } from './client.port'
import type { ServicesOf } from './tenant-services'

export interface MintPlacesMeans {
  /** Of the platform's own services; one that is not configured is absent. */
  readonly platform: { readonly [Service in MintService]?: TokenMint | undefined }
  readonly servicesOf: ServicesOf
  readonly connector: Pick<Connector, 'open'>
  readonly sealer: Sealer
}

/**
 * A token is taken back where it was minted: at the tenant's own service by what is signed in with at that address now, or
 * by what the lease keeps of then, as the connection may be gone with its tenant.
 */
export function createMintPlaces({ platform, servicesOf, connector, sealer }: MintPlacesMeans): MintPlaces {
  type Lease = Parameters<MintPlaces['of']>[0]

  async function former({ id, place, placeSealed }: Lease, service: MintService): Promise<TokenMint> {
    if (place === null || placeSealed === null)
      throw lost(service, "What Tenantry signed in with at the tenant's former service is not kept any more.")
    const credential = parseCredential(await sealer.open(placeSealed, id))
    const { tokenMint } = connector.open(service, { apiUrl: place, credential })
    if (!tokenMint) throw lost(service, 'Nothing is minted at this service any more.')
    return tokenMint
  }

  return {
    async now(tenantId, service) {
      const { ownMint } = await servicesOf(tenantId)
      const own = ownMint?.(service)
      if (!own) return platform[service] ? { mint: platform[service], own: null } : null
      const { mint, settings } = own
      if (!mint) return null
      if (!settings)
        throw lost(service, "What Tenantry signs in with at the tenant's own service can't be had.")
      const { apiUrl: address, credential } = settings
      return { mint, own: { address, seal: (leaseId) => sealer.seal(JSON.stringify(credential), leaseId) } }
    },

    async of(lease) {
      const { tenantId, service, place } = lease
      if (service !== 'authentik' && service !== 'ocis') throw new Error(`Nothing is minted at ${service}`)
      if (place === null) {
        const mint = platform[service]
        if (!mint) throw lost(service, 'The service is not configured any more.')
        return mint
      }
      const { ownMint, placeOf } = await servicesOf(tenantId)
      const now = placeOf(service) === place ? ownMint?.(service)?.mint : undefined
      if (!now) return former(lease, service)
      return {
        ...now,
        async revoke(asked, signal) {
          try {
            await now.revoke(asked, signal)
          } catch (error) {
            // What is signed in with now is refused, or can't be had: what was then may be taken.
            const isRefused = error instanceof IntegrationError && error.kind === 'unauthorized'
            if (!isRefused || lease.placeSealed === null) throw error
            await (await former(lease, service)).revoke(asked, signal)
          }
        },
      }
    },
  }
}

const lost = (service: MintService, message: string) =>
  new IntegrationError({ service, kind: 'unavailable', message })

/** The same mint, that is left in peace with its service. */
export const mintThroughGate = ({ renew, ...mint }: TokenMint, gate: Gate): TokenMint => ({
  mint: (asked, signal) => gate.run(() => mint.mint(asked, signal), signal),
  ...(renew && { renew: (lease, until, signal) => gate.run(() => renew(lease, until, signal), signal) }),
  revoke: (lease, signal) => gate.run(() => mint.revoke(lease, signal), signal),
})
