import type { PutSecret, SecretEntry } from '#shared/contracts/vaults'
import type { VaultScope } from '#server/scope'
import { unknownCursor, type Page, type PageRequest } from '#server/storage/page'
import { SecretUnreadable, type SecretPlace, type SecretVault } from '#server/vault/vault'
import { vaultError } from './vaults.errors'

/** Which secret of the scope's vault. */
export interface SecretName {
  service: string
  name: string
}

const placeOf = ({ tenant, vault }: VaultScope, { service, name }: SecretName): SecretPlace => ({
  ...{ tenantId: tenant.id, vaultId: vault.id, service, name },
})

const subjectOf = ({ vault }: VaultScope, { service, name }: SecretName) => ({
  kind: 'secret' as const,
  id: `${vault.id}:${service}/${name}`,
})

/** Writes down what is about to happen: a value neither leaves nor changes without its entry. */
function record(
  scope: VaultScope,
  action: string,
  secret: SecretName,
  after?: Record<string, string | number | null>,
) {
  return scope.transaction(({ audit }) =>
    audit.record({ action, subject: subjectOf(scope, secret), ...(after && { after }) }),
  )
}

/** Lets what does not open be known. @throws what it was given */
export async function noteUnreadable(scope: VaultScope, secret: SecretName, error: unknown): Promise<never> {
  if (error instanceof SecretUnreadable)
    await record(scope, 'secret.unreadable', secret, { reason: error.reason })
  throw error
}

const cursorPattern = /^[a-z0-9][a-z0-9._-]{0,63}\/[a-z0-9][a-z0-9._-]{0,63}$/
const toCursorText = (after: string) => Buffer.from(after).toString('base64url')
const toCursor = ({ service, name }: SecretName) => toCursorText(`${service}/${name}`)

function fromCursor(cursor: string): string {
  const after = Buffer.from(cursor, 'base64url').toString()
  if (!cursorPattern.test(after) || toCursorText(after) !== cursor) throw unknownCursor()
  return after
}

/**
 * A page of the vault's secrets by service and name; no value is read.
 *
 * @param request.prefix start of `service/name`
 * @throws AppError page.unknown_cursor, vault.unavailable
 */
export async function listSecrets(
  scope: VaultScope,
  secrets: SecretVault,
  { prefix, cursor, limit }: PageRequest & { prefix?: string | undefined },
): Promise<Page<Omit<SecretEntry, 'updatedAt'> & { updatedAt: Date }>> {
  const after = cursor === undefined ? undefined : fromCursor(cursor)
  const vault = { tenantId: scope.tenant.id, id: scope.vault.id }
  const found = await secrets.list(vault, { prefix, after, limit: limit + 1 })
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, nextCursor: found.length > limit && last ? toCursor(last) : null }
}

/**
 * Shows a value. Who came with a session is shown it (`secret.revealed`), with the reason that they gave; a machine reads
 * it (`secret.read`). It leaves with its entry alone, and not where the right to it was taken away while it was read.
 *
 * @throws AppError vault.not_found, secret.not_found, secret.unreadable, vault.unavailable
 */
export async function getSecret(
  scope: VaultScope,
  secrets: SecretVault,
  { reason, ...secret }: SecretName & { reason?: string | undefined },
) {
  const { service, name } = secret
  const found = await secrets
    .get(placeOf(scope, secret))
    .catch((error: unknown) => noteUnreadable(scope, secret, error))
  if (!found) throw vaultError('secret.not_found')
  const action = scope.machine ? 'secret.read' : 'secret.revealed'
  await scope.transaction(async ({ reach, audit }) => {
    if (!(await reach.mayStill('secrets:read'))) throw vaultError('vault.not_found')
    const after = { version: found.version, reason: reason ?? null }
    await audit.record({ action, subject: subjectOf(scope, secret), after })
  })
  return { service, name, ...found }
}

/** Writes a new version. @throws AppError vault.unavailable */
export async function putSecret(
  scope: VaultScope,
  secrets: SecretVault,
  { value, note, ...secret }: SecretName & PutSecret,
): Promise<void> {
  await record(scope, 'secret.written', secret)
  await failedToo(scope, secret, () => secrets.put(placeOf(scope, secret), value, { note }))
}

/** Deletes a secret with all its versions, for good. @throws AppError secret.not_found, vault.unavailable */
export async function deleteSecret(
  scope: VaultScope,
  secrets: SecretVault,
  secret: SecretName,
): Promise<void> {
  const place = placeOf(scope, secret)
  if (!(await secrets.has(place))) throw vaultError('secret.not_found')
  await record(scope, 'secret.deleted', secret)
  await failedToo(scope, secret, () => secrets.delete(place))
}

/** The versions that are kept, newest first, without values. @throws AppError secret.not_found, vault.unavailable */
export async function listVersions(scope: VaultScope, secrets: SecretVault, secret: SecretName) {
  const versions = await secrets.versions(placeOf(scope, secret))
  const [newest] = versions
  if (!newest) throw vaultError('secret.not_found')
  const items = versions.map(({ version, updatedAt, note }) => ({
    ...{ version, updatedAt, note },
    isCurrent: version === newest.version,
  }))
  return { items, nextCursor: null }
}

/**
 * Makes a kept version the newest again.
 *
 * @throws AppError secret.not_found, secret.version_not_found, secret.unreadable, vault.unavailable
 */
export async function restoreVersion(
  scope: VaultScope,
  secrets: SecretVault,
  { version, ...secret }: SecretName & { version: number },
): Promise<void> {
  const place = placeOf(scope, secret)
  const kept = await secrets.versions(place)
  if (kept.length === 0) throw vaultError('secret.not_found')
  if (!kept.some((one) => one.version === version)) throw vaultError('secret.version_not_found')
  await record(scope, 'secret.restored', secret, { version })
  const restored = await failedToo(scope, secret, () => secrets.restore(place, version)).catch(
    (error: unknown) => noteUnreadable(scope, secret, error),
  )
  if (!restored) throw vaultError('secret.version_not_found')
}

/** Opens every version of every secret of the vault, and says which do not open. At most 100 are named. */
export async function checkSecrets(scope: VaultScope, secrets: SecretVault) {
  const broken: { service: string; name: string; version: number; reason: string }[] = []
  let checked = 0
  for await (const { service, name, version, broken: reason } of secrets.check({
    tenantId: scope.tenant.id,
    id: scope.vault.id,
  })) {
    checked += 1
    if (reason !== undefined && broken.length < 100) broken.push({ service, name, version, reason })
  }
  await scope.transaction(({ audit }) =>
    audit.record({
      action: 'vault.checked',
      subject: { kind: 'vault', id: scope.vault.id },
      after: { checked, broken: broken.length },
    }),
  )
  return { checked, broken }
}

/** Says in the audit that what its last entry announced did not come about. */
async function failedToo<Result>(
  scope: VaultScope,
  secret: SecretName,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    await record(scope, 'secret.change_failed', secret)
    throw error
  }
}
