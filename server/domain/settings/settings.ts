import type { AuthMode } from '#shared/contracts/common'
import type { Settings, UpdateSettings } from '#shared/contracts/settings'
import type { OperatorScope, PlatformScope } from '#server/scope'

const defaults = { portalName: 'Tenantry', secondFactorRequiredOf: [] }

/** A value with its source. */
function sourced<Value>(set: Value | undefined, fallback: Value) {
  return set === undefined
    ? ({ value: fallback, source: 'default' } as const)
    : ({ value: set, source: 'settings' } as const)
}

/** All settings, each with its source. In oidc-only mode the table is not read: defaults alone hold. */
export async function getSettings(
  { stores: { settings } }: PlatformScope | OperatorScope,
  authMode: AuthMode,
): Promise<Settings> {
  const isRead = authMode !== 'oidc-only'
  const portalName = isRead ? await settings.find('portalName') : undefined
  const askedOf = isRead ? await settings.find('secondFactorRequiredOf') : undefined
  return {
    portalName: sourced(portalName, defaults.portalName),
    secondFactorRequiredOf: sourced(askedOf, defaults.secondFactorRequiredOf),
  }
}

/** The name that the portal goes by, for messages and for what shows whose account something is. */
export async function getPortalName(
  { stores: { settings } }: Pick<PlatformScope, 'stores'>,
  authMode: AuthMode,
): Promise<string> {
  const set = authMode === 'oidc-only' ? undefined : await settings.find('portalName')
  return set ?? defaults.portalName
}

/** Changes settings. Whoever lacks a second factor that is asked of them now can do nothing until they have one. */
export async function updateSettings(
  scope: OperatorScope,
  authMode: AuthMode,
  { portalName, secondFactorRequiredOf }: UpdateSettings,
): Promise<Settings> {
  await scope.transaction(async ({ settings, requirement, audit }) => {
    if (portalName !== undefined) {
      const before = await settings.find('portalName')
      await settings.set('portalName', portalName)
      await audit.record({
        action: 'settings.updated',
        subject: { kind: 'settings', id: 'portalName' },
        before: { portalName: before ?? null },
        after: { portalName },
      })
    }
    if (secondFactorRequiredOf !== undefined) {
      const before = await settings.find('secondFactorRequiredOf')
      await settings.set('secondFactorRequiredOf', secondFactorRequiredOf)
      await requirement.apply()
      await audit.record({
        action: 'settings.updated',
        subject: { kind: 'settings', id: 'secondFactorRequiredOf' },
        before: { secondFactorRequiredOf: before?.join(', ') ?? null },
        after: { secondFactorRequiredOf: secondFactorRequiredOf.join(', ') },
      })
    }
  })
  return getSettings(scope, authMode)
}
