import type { CreateTenant, UpdateTenant } from '#shared/contracts/tenants'
import { portalLanguage } from '#shared/contracts/languages'
import { reservedSlugs, slugPattern, type SlugAvailability } from '#shared/contracts/slugs'
import { AppError } from '#server/lib/errors'
import { isUniqueViolation } from '#server/storage/database.errors'
import type { CallerScope, OperatorScope, PlatformScope, PlatformStores, TenantScope } from '#server/scope'
import { tenantError } from './tenants.errors'
import type { TenantFilter, TenantRow } from './tenants.store'

export {
  isResting,
  may,
  mayManageRole,
  mayWhile,
  outranks,
  takesMembers,
  type TenantPermission,
  type TenantStanding,
} from './tenants.policy'
export type { TenantRow } from './tenants.store'
export { tenantError } from './tenants.errors'
export { archiveTenant, deleteTenant, restoreTenant, resumeTenant, suspendTenant } from './lifecycle'
export { getExport, listExports } from './exports'

/** A page of the tenants that the caller may see: their own, or all for an operator. */
export function listTenants(scope: CallerScope, filter: TenantFilter) {
  return scope.stores.tenants.list(filter)
}

/**
 * Writes a tenant with its subscription, its first owner where one is named, and the intent to provision it.
 * To be called within a transaction; the reconciler is to be woken after it.
 *
 * @param ownerId the user who becomes owner
 * @returns the tenant's id
 */
export async function writeTenant(stores: PlatformStores, input: CreateTenant, ownerId: string | null) {
  const { id } = await stores.tenants.create({ slug: input.slug, name: input.name, locale: input.locale })
  const own = stores.ofTenant(id)
  const subscription = await own.subscription.create(input.plan)
  if (ownerId) await own.members.add(ownerId, 'owner', 'manual')
  await own.vaults.createDefault()
  await own.steps.ask('created')
  await own.audit.record({
    action: 'tenant.created',
    subject: { kind: 'tenant', id },
    after: { ...input, ownerId },
  })
  await own.audit.record({
    action: 'subscription.created',
    subject: { kind: 'subscription', id: subscription.id },
    after: { plan: input.plan },
  })
  return id
}

/**
 * Creates a tenant with everything that belongs to it, in one transaction, and has it provisioned. Who creates it
 * becomes its owner; what Tenantry itself creates has none at first.
 *
 * @throws AppError tenant.slug_taken
 */
export async function createTenant(
  scope: PlatformScope | OperatorScope,
  input: CreateTenant,
): Promise<TenantRow> {
  try {
    const tenant = await scope.transaction(async (stores: PlatformStores) => {
      const id = await writeTenant(stores, input, scope.actorId)
      return stores.ofTenant(id).tenant.get()
    })
    scope.wake(tenant.id)
    return tenant
  } catch (error) {
    if (isUniqueViolation(error)) throw slugTaken(input.slug)
    throw error
  }
}

/** The error for a slug that a tenant has already. */
export function slugTaken(slug: string): AppError {
  return tenantError('tenant.slug_taken', { detail: `The slug ${slug} is taken.` })
}

/**
 * Makes a tenant where no tenant has this slug; otherwise changes nothing. Several processes may do so at once.
 *
 * @returns whether it was made now
 */
export async function ensureTenant(scope: PlatformScope, slug: string): Promise<boolean> {
  if (await scope.stores.tenants.slugTaken(slug)) return false
  try {
    await createTenant(scope, { slug, name: slug, plan: 'mvp', locale: portalLanguage })
    return true
  } catch (error) {
    if (error instanceof AppError && error.code === 'tenant.slug_taken') return false
    throw error
  }
}

/** Whether a tenant could be created with this slug now, for the form that proposes one. */
export async function checkSlug(scope: OperatorScope, slug: string): Promise<SlugAvailability> {
  if (!slugPattern.test(slug)) return { slug, available: false, reason: 'invalid' }
  if (reservedSlugs.has(slug)) return { slug, available: false, reason: 'reserved' }
  if (await scope.stores.tenants.slugTaken(slug)) return { slug, available: false, reason: 'taken' }
  return { slug, available: true }
}

/** The scope's tenant as its viewer sees it. */
export function getTenant(scope: TenantScope): Promise<TenantRow> {
  return scope.stores.tenant.get()
}

/**
 * Changes the tenant's name and the language of its mails, and as an operator whether deletions at services have to be approved; its slug stays. The
 * services are brought up to date.
 *
 * @param version that the caller saw; undefined: whatever it is now
 * @throws AppError tenant.operator_decides, tenant.changed_meanwhile
 */
export async function updateTenant(
  scope: TenantScope,
  input: UpdateTenant,
  version?: number,
): Promise<TenantRow> {
  const { name, locale, approveDeletions } = input
  if (approveDeletions !== undefined && scope.standing !== 'operator')
    throw tenantError('tenant.operator_decides')
  const change = {
    ...(name !== undefined && { name }),
    ...(locale !== undefined && { locale }),
    ...(approveDeletions !== undefined && { approveDeletions }),
  }
  const changed = await scope.transaction(async (stores) => {
    const before = await stores.tenant.get()
    if (!(await stores.tenant.update(change, version))) throw tenantError('tenant.changed_meanwhile')
    await stores.steps.ask('changed')
    await stores.audit.record({
      action: 'tenant.updated',
      subject: { kind: 'tenant', id: before.id },
      before: {
        ...(name !== undefined && { name: before.name }),
        ...(locale !== undefined && { locale: before.locale }),
        ...(approveDeletions !== undefined && { approveDeletions: before.approveDeletions }),
      },
      after: change,
    })
    return stores.tenant.get()
  })
  scope.wake(changed.id)
  return changed
}
