import type { Setup } from '#shared/contracts/auth'
import { portalLanguage } from '#shared/contracts/languages'
import { slugTaken, writeTenant } from '#server/domain/tenants/tenants'
import { defineErrors } from '#server/lib/errors'
import { isUniqueViolation } from '#server/storage/database.errors'
import type { PlatformScope } from '#server/scope'
import { beginSession } from './begin-session'
import type { SignedInUser, SignInMeans, SignInOrigin } from './means'

const setupError = defineErrors({
  'setup.already_done': { status: 409, title: 'This portal is set up already.' },
})

/** Whether nobody can operate this portal yet. */
export async function setupNeeded(scope: PlatformScope): Promise<boolean> {
  return (await scope.stores.users.countOperators()) === 0
}

/**
 * Makes the first operator, names the portal, creates the first tenant where one is wanted, and signs the operator
 * in: all of it or nothing. Two calls at once make one operator, since each transaction sees whether there is one.
 *
 * @throws AppError setup.already_done, password.too_weak, rate.limited, tenant.slug_taken
 */
export async function setUp(
  scope: PlatformScope,
  { passwords, attempts, sessionLimits }: SignInMeans,
  input: Setup,
  origin: SignInOrigin,
): Promise<SignedInUser> {
  await attempts.count('address', origin.device.address ?? 'unknown')
  if (!(await setupNeeded(scope))) throw setupError('setup.already_done')
  const { email, name, tenant, portalName } = input
  const passwordHash = await passwords.hashNew(input.password, { path: 'password', about: [email, name] })
  try {
    const { tenantId, ...signedIn } = await scope.transaction(async (stores) => {
      if ((await stores.users.countOperators()) > 0) throw setupError('setup.already_done')
      const { id } = await stores.users.create({
        ...{ email, emailVerified: true, name },
        ...{ platformRole: 'operator', passwordHash },
      })
      const audit = stores.auditAs({ kind: 'user', id })
      const after = { email, name, portalName }
      await audit.record({ action: 'portal.set_up', subject: { kind: 'portal', id }, after })
      if (portalName) await stores.settings.set('portalName', portalName)
      const tenantId =
        tenant && (await writeTenant(stores, { ...tenant, plan: 'mvp', locale: portalLanguage }, id))
      // After the tenant: of its owner a second factor may be asked.
      const proof = { method: 'password' } as const
      const begun = await beginSession({ ...scope, stores }, sessionLimits, id, origin, proof)
      if (!begun) throw new Error('Somebody who was just made may not sign in')
      return { ...begun, tenantId }
    })
    if (tenantId) scope.wake(tenantId)
    return signedIn
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    if (tenant && (await setupNeeded(scope))) throw slugTaken(tenant.slug)
    throw setupError('setup.already_done')
  }
}
