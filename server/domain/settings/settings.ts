import type { AuthMode } from '#shared/contracts/common'
import type { Settings, UpdateSettings } from '#shared/contracts/settings'
import type { OperatorScope, PlatformScope } from '#server/scope'

const defaultPortalName = 'Tenantry'

/** All settings, each with its source. In oidc-only mode the table is not read: defaults alone hold. */
export async function getSettings(
  scope: PlatformScope | OperatorScope,
  authMode: AuthMode,
): Promise<Settings> {
  const portalName = authMode === 'oidc-only' ? undefined : await scope.stores.settings.find('portalName')
  return {
    portalName: portalName
      ? { value: portalName, source: 'settings' }
      : { value: defaultPortalName, source: 'default' },
  }
}

/** Changes settings. */
export async function updateSettings(
  scope: OperatorScope,
  authMode: AuthMode,
  change: UpdateSettings,
): Promise<Settings> {
  const { portalName } = change
  if (portalName !== undefined)
    await scope.transaction(async (stores) => {
      const before = await stores.settings.find('portalName')
      await stores.settings.set('portalName', portalName)
      await stores.audit.record({
        action: 'settings.updated',
        subject: { kind: 'settings', id: 'portalName' },
        before: { portalName: before ?? null },
        after: { portalName },
      })
    })
  return getSettings(scope, authMode)
}
