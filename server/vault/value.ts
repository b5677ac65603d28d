import { z } from 'zod'
import type { StoredVersion } from './backends/backend.port'
import { openText, sealText } from './envelope'
import { fullKey, type SecretPlace } from './places'
import { SecretUnreadable } from './vault.errors'

/** What is within a secret's envelope: the note is as secret as the value. */
const Content = z.strictObject({ value: z.string(), note: z.string().nullable() })
export type OpenedValue = z.output<typeof Content>

interface Written {
  version: number
  writtenAt: number
}

/** An envelope opens in its own place alone, as its own version, with its own time. */
const contextOf = (place: SecretPlace, { version, writtenAt }: Written) => [
  'secret',
  ...[place.tenantId, place.vaultId, fullKey(place)],
  ...[String(version), String(writtenAt)],
]

/** @param key the vault's, 32 bytes */
export function sealValue(key: Buffer, content: OpenedValue, place: SecretPlace, written: Written): string {
  return sealText(key, JSON.stringify(content), contextOf(place, written))
}

/** @throws SecretUnreadable */
export function openValue(key: Buffer, stored: StoredVersion, place: SecretPlace): OpenedValue {
  const parsed = Content.safeParse(JSON.parse(openText(key, stored.sealed, contextOf(place, stored))))
  if (!parsed.success) throw new SecretUnreadable('It holds something else than a secret.')
  return parsed.data
}
