import { SecretSegment } from '#shared/contracts/vaults'
import { defineErrors } from '#server/lib/errors'

/** Where a secret lies, and whose it is. */
export interface SecretPlace {
  readonly tenantId: string
  readonly vaultId: string
  /** Service and name as `SecretSegment` of the contracts has them. */
  readonly service: string
  readonly name: string
}

const placeError = defineErrors({
  'secret.place_invalid': { status: 422, title: 'There can be no secret of this service and name.' },
})

const id = /^[a-z0-9][a-z0-9-]{0,63}$/i

/** @throws AppError secret.place_invalid where a part holds what would separate parts, or means several */
export function checkPlace({ tenantId, vaultId, service, name }: SecretPlace): void {
  const segments = [service, name].every((segment) => SecretSegment.safeParse(segment).success)
  if (!segments || !id.test(tenantId) || !id.test(vaultId)) throw placeError('secret.place_invalid')
}

/** @throws AppError secret.place_invalid */
export function checkVault({ tenantId, id: vaultId }: { tenantId: string; id: string }): void {
  if (!id.test(tenantId) || !id.test(vaultId)) throw placeError('secret.place_invalid')
}

/** A secret's full name: `vault:<vault id>:<service>:<name>`. */
export function fullKey({ vaultId, service, name }: Omit<SecretPlace, 'tenantId'>): string {
  return `vault:${vaultId}:${service}:${name}`
}

/** By which a vault's wrapped key is found. */
export const vaultKeyId = (vaultId: string) => `vault:${vaultId}`
