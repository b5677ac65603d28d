import type { AuthMode } from '#shared/contracts/common'
import type { Settings, UpdateSettings } from '#shared/contracts/settings'
import type { OperatorScope, PlatformScope } from '#server/scope'
import { settingsError } from './settings.errors'

const defaults = { portalName: 'Tenantry', secondFactorRequiredOf: [], driftRepair: false }

/** What decides beside the table. */
export interface SettingsEnvironment {
  readonly authMode: AuthMode
  /** Undefined: the table decides. */
  readonly driftRepair: boolean | undefined
}

/** A value with its source. */
function sourced<Value>(set: Value | undefined, fallback: Value) {
  return set === undefined
    ? ({ value: fallback, source: 'default' } as const)
    : ({ value: set, source: 'settings' } as const)
}

/** All settings, each with its source. In oidc-only mode the table is not read: environment and defaults alone hold. */
export async function getSettings(
  { stores: { settings } }: PlatformScope | OperatorScope,
  environment: SettingsEnvironment,
): Promise<Settings> {
  const isRead = environment.authMode !== 'oidc-only'
  const portalName = isRead ? await settings.find('portalName') : undefined
  const askedOf = isRead ? await settings.find('secondFactorRequiredOf') : undefined
  return {
    portalName: sourced(portalName, defaults.portalName),
    secondFactorRequiredOf: sourced(askedOf, defaults.secondFactorRequiredOf),
    driftRepair:
      environment.driftRepair === undefined
        ? sourced(isRead ? await settings.find('driftRepair') : undefined, defaults.driftRepair)
        : { value: environment.driftRepair, source: 'environment' },
  }
}

/** Whether what a comparison finds missing or changed is repaired by itself. */
export async function repairsDrift(
  { stores: { settings } }: Pick<PlatformScope, 'stores'>,
  { authMode, driftRepair }: SettingsEnvironment,
): Promise<boolean> {
  if (driftRepair !== undefined) return driftRepair
  const set = authMode === 'oidc-only' ? undefined : await settings.find('driftRepair')
  return set ?? defaults.driftRepair
}

/** The name that the portal goes by, for messages and for what shows whose account something is. */
export async function getPortalName(
  { stores: { settings } }: Pick<PlatformScope, 'stores'>,
  authMode: AuthMode,
): Promise<string> {
  const set = authMode === 'oidc-only' ? undefined : await settings.find('portalName')
  return set ?? defaults.portalName
}

/**
 * Changes settings. Whoever lacks a second factor that is asked of them now can do nothing until they have one.
 *
 * @throws AppError settings.locked where the environment sets one of them
 */
export async function updateSettings(
  scope: OperatorScope,
  environment: SettingsEnvironment,
  { portalName, secondFactorRequiredOf, driftRepair }: UpdateSettings,
): Promise<Settings> {
  if (driftRepair !== undefined && environment.driftRepair !== undefined)
    throw settingsError('settings.locked', { detail: 'It sets DRIFT_REPAIR.' })
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
    if (driftRepair !== undefined) {
      const before = await settings.find('driftRepair')
      await settings.set('driftRepair', driftRepair)
      await audit.record({
        action: 'settings.updated',
        subject: { kind: 'settings', id: 'driftRepair' },
        before: { driftRepair: before ?? null },
        after: { driftRepair },
      })
    }
  })
  return getSettings(scope, environment)
}
