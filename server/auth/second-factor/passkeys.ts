import type { RegisterPasskey } from '#shared/contracts/passkeys'
import type { SessionScope } from '#server/scope'
import { isUniqueViolation } from '#server/storage/database.errors'
import type { StartedSession } from '../sessions/sessions'
import type { FactorMeans } from './examine'
import type { PasskeyQuestion } from './passkey-ceremonies'
import { mostPasskeys } from './passkeys.store'
import { addFactor, removeFactor, requireLocalPassword, type FactorAdded } from './second-factor'
import { secondFactorError } from './second-factor.errors'

type Ceremonies = Pick<FactorMeans, 'passkeyCeremonies'>

/**
 * What a browser needs to make a passkey.
 *
 * @param portalName as the browser shows it
 * @throws AppError user.no_local_password, passkey.too_many
 */
export async function askForNewPasskey(
  scope: SessionScope,
  { passkeyCeremonies }: Ceremonies,
  portalName: string,
): Promise<PasskeyQuestion> {
  const { id, email, name } = await requireLocalPassword(scope)
  const known = await scope.stores.ownFactors.passkeys.list()
  if (known.length >= mostPasskeys) throw secondFactorError('passkey.too_many')
  return passkeyCeremonies.register({ id, name: email ?? name, displayName: name }, portalName, known)
}

/**
 * Takes a passkey that the browser has just made.
 *
 * @param token of the browser's cookie, by `askForNewPasskey`
 * @throws AppError second_factor.passkey_refused, passkey.already_registered, passkey.too_many
 */
export async function registerPasskey(
  scope: SessionScope,
  means: FactorMeans,
  { name, passkey }: RegisterPasskey,
  token: string | undefined,
): Promise<FactorAdded> {
  const { userId } = scope.stores.ownFactors
  const made = token ? await means.passkeyCeremonies.registered(userId, token, passkey) : null
  if (!made) throw secondFactorError('second_factor.passkey_refused')
  try {
    const added = await addFactor(scope, means, 'passkey.added', async ({ ownFactors }) => {
      if ((await ownFactors.passkeys.count()) >= mostPasskeys) return false
      await ownFactors.passkeys.add({ ...made, name })
      return true
    })
    if (!added) throw secondFactorError('passkey.too_many')
    return added
  } catch (error) {
    if (isUniqueViolation(error)) throw secondFactorError('passkey.already_registered')
    throw error
  }
}

/** @throws AppError passkey.not_found */
export function renamePasskey(scope: SessionScope, id: string, name: string) {
  return scope.transaction(async ({ ownFactors, audit }) => {
    const renamed = await ownFactors.passkeys.rename(id, name)
    if (!renamed) throw secondFactorError('passkey.not_found')
    await audit.record({ action: 'passkey.renamed', subject: { kind: 'user', id: ownFactors.userId } })
    return renamed
  })
}

/** @throws AppError passkey.not_found, second_factor.required */
export function removePasskey(scope: SessionScope, id: string): Promise<StartedSession> {
  return removeFactor(scope, 'passkey.removed', async ({ ownFactors }) => {
    if (!(await ownFactors.passkeys.remove(id))) throw secondFactorError('passkey.not_found')
  })
}
