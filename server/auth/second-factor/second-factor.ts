import type { ConfirmTotp, SecondFactors } from '#shared/contracts/second-factor'
import { userError } from '#server/domain/users/users'
import type { z } from 'zod'
import type { CallerStores, SessionScope } from '#server/scope'
import { renewSession, type StartedSession } from '../sessions/sessions'
import type { Attempts } from '../sign-in/attempts'
import type { FactorMeans } from './examine'
import { secondFactorError } from './second-factor.errors'

/** What a person's second step consists of. */
export async function showSecondFactors({ stores }: SessionScope): Promise<z.input<typeof SecondFactors>> {
  const { self, ownFactors, requirement } = stores
  const [user, required, totp, passkeys, recoveryCodesLeft] = await Promise.all([
    self.get(),
    requirement.isAskedOf(ownFactors.userId),
    ownFactors.totp.findConfirmed(),
    ownFactors.passkeys.list(),
    ownFactors.recoveryCodes.count(),
  ])
  return {
    withPassword: user.passwordHash !== null,
    required,
    totp: totp?.confirmedAt ? { confirmedAt: totp.confirmedAt } : null,
    passkeys,
    recoveryCodesLeft,
  }
}

/** Who signs in by the provider alone has no second step here: a factor of ours would be a way past it. */
export async function requireLocalPassword({ stores }: SessionScope) {
  const user = await stores.self.get()
  if (!user.passwordHash) throw userError('user.no_local_password')
  return user
}

/**
 * Begins the set-up of an app that shows codes; it counts for nothing before its first code.
 *
 * @param portalName as the app shows it
 * @throws AppError user.no_local_password, second_factor.already_set_up
 */
export async function beginTotp(
  scope: SessionScope,
  { totp }: Pick<FactorMeans, 'totp'>,
  portalName: string,
) {
  const { id, email, name } = await requireLocalPassword(scope)
  const { sealed, ...shown } = await totp.create(id, portalName, email ?? name)
  const begun = await scope.transaction(({ ownFactors }) => ownFactors.totp.begin(sealed))
  if (!begun) throw secondFactorError('second_factor.already_set_up')
  return shown
}

/**
 * Ends the set-up of an app with its first code.
 *
 * @throws AppError second_factor.not_set_up, second_factor.wrong_code, rate.limited
 */
export async function confirmTotp(
  scope: SessionScope,
  means: FactorMeans & { attempts: Attempts },
  { code }: ConfirmTotp,
): Promise<FactorAdded> {
  const { userId, totp } = scope.stores.ownFactors
  const factor = await totp.findUnconfirmed()
  if (!factor) throw secondFactorError('second_factor.not_set_up')
  await means.attempts.count('factor', userId)
  const step = await means.totp.stepOf(factor, code, scope.clock.now())
  if (step === null) throw wrongCode('code')
  const added = await addFactor(scope, means, 'second_factor.app_added', ({ ownFactors }) =>
    ownFactors.totp.confirm(factor.secret, step),
  )
  await means.attempts.forget(userId, 'factor')
  if (!added) throw secondFactorError('second_factor.not_set_up')
  return added
}

/** @param path of the field that held the code */
export function wrongCode(path: string) {
  const message = 'This code is not right. Wait for the next one, and type it anew.'
  return secondFactorError('second_factor.wrong_code', { faults: [{ path, message }] })
}

export interface FactorAdded {
  /** Where the person had none yet. */
  recoveryCodes: string[] | null
  /** The browser's session goes on with another token: it has shown a second factor now. */
  session: StartedSession
}

/**
 * Adds a second factor, in one transaction: the first one brings recovery codes, and ends every other session, which
 * had shown none.
 *
 * @param write adds it; false: it could not be added
 */
export async function addFactor(
  scope: SessionScope,
  { recoveryCodes }: Pick<FactorMeans, 'recoveryCodes'>,
  action: 'second_factor.app_added' | 'passkey.added',
  write: (stores: CallerStores) => Promise<boolean>,
): Promise<FactorAdded | null> {
  const codes = recoveryCodes.create()
  return scope.transaction(async (stores) => {
    const { ownFactors, ownSessions, audit } = stores
    const { userId } = ownFactors
    const isFirst = (await ownFactors.kinds()).length === 0
    if (!(await write(stores))) return null
    const needsCodes = (await ownFactors.recoveryCodes.count()) === 0
    if (needsCodes)
      await ownFactors.recoveryCodes.replace(codes.map((code) => recoveryCodes.hash(userId, code)))
    if (isFirst) await ownSessions.endAllBut(scope.session.id)
    await audit.record({ action, subject: { kind: 'user', id: userId } })
    const session = await renewSession(ownSessions, scope.session.id, {
      secondFactor: true,
      restricted: false,
    })
    return { recoveryCodes: needsCodes ? codes : null, session }
  })
}

/**
 * Removes the app that shows codes.
 *
 * @throws AppError second_factor.not_set_up, second_factor.required
 */
export function removeTotp(scope: SessionScope): Promise<StartedSession> {
  return removeFactor(scope, 'second_factor.app_removed', async ({ ownFactors }) => {
    if (!(await ownFactors.totp.remove())) throw secondFactorError('second_factor.not_set_up')
  })
}

/**
 * Removes a second factor, in one transaction, and ends every other session. Recovery codes go with the last factor,
 * which stays where one is asked of the person.
 *
 * @throws AppError second_factor.required
 */
export function removeFactor(
  scope: SessionScope,
  action: 'second_factor.app_removed' | 'passkey.removed',
  remove: (stores: CallerStores) => Promise<void>,
): Promise<StartedSession> {
  return scope.transaction(async (stores) => {
    const { ownFactors, ownSessions, requirement, audit } = stores
    const { userId } = ownFactors
    await remove(stores)
    const hasNone = (await ownFactors.kinds()).length === 0
    if (hasNone) {
      if (await requirement.isAskedOf(userId))
        throw secondFactorError('second_factor.required', { detail: 'Set up another one first.' })
      await ownFactors.recoveryCodes.removeAll()
    }
    await ownSessions.endAllBut(scope.session.id)
    await audit.record({ action, subject: { kind: 'user', id: userId } })
    return renewSession(ownSessions, scope.session.id, hasNone ? { secondFactor: false } : {})
  })
}

/**
 * New recovery codes in place of the former.
 *
 * @throws AppError second_factor.not_set_up where there is no factor that they could stand in for
 */
export async function renewRecoveryCodes(
  scope: SessionScope,
  { recoveryCodes }: Pick<FactorMeans, 'recoveryCodes'>,
): Promise<string[]> {
  const codes = recoveryCodes.create()
  await scope.transaction(async ({ ownFactors, audit }) => {
    const { userId } = ownFactors
    if ((await ownFactors.kinds()).length === 0) throw secondFactorError('second_factor.not_set_up')
    await ownFactors.recoveryCodes.replace(codes.map((code) => recoveryCodes.hash(userId, code)))
    await audit.record({ action: 'second_factor.codes_renewed', subject: { kind: 'user', id: userId } })
  })
  return codes
}
