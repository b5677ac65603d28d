import type { DesiredTenant } from './desired'
import { failed } from './failure'
import { isDisabled, mayHoldFiles, type SpaceFields, type Spaces } from './spaces'
import { describeSpace, describeSuperseded, readStamp, spaceName } from './stamp'
import type { Drive } from './wire'

/**
 * The changes of spaces. Each reads before it writes and again after it, and can be repeated from any moment. One that
 * carries the mark of another tenant by then is left as it is.
 */
export interface SpaceWrites {
  /** Opens it again. */
  restore(space: Drive, tenantId: string, signal: AbortSignal): Promise<void>
  /** Gives an open one the tenant's name, quota and stamp. */
  bring(space: Drive, tenant: DesiredTenant, signal: AbortSignal): Promise<void>
  disable(space: Drive, tenantId: string, signal: AbortSignal): Promise<void>
  /** Marks a second space without files as such, and disables it. */
  setAside(space: Drive, tenantId: string, signal: AbortSignal): Promise<void>
  purge(space: Drive, tenantId: string, signal: AbortSignal): Promise<void>
}

/** What a tenant's space should hold. A quota of 0 means none at all there, so that 1 stands for nothing. */
export function desiredFields(tenant: DesiredTenant): SpaceFields {
  return {
    name: spaceName(tenant),
    description: describeSpace(tenant.id),
    total: Math.max(tenant.storageBytes, 1),
  }
}

/** What of a space is not as it should be. Words that people gave the description are left, if its stamp is right. */
export function differences(space: Drive, tenant: DesiredTenant): Partial<SpaceFields> {
  const { name, description, total } = desiredFields(tenant)
  const stamp = readStamp(space.description)
  const isStamped = stamp?.tenantId === tenant.id && !stamp.isSuperseded
  return {
    ...(space.name === name ? {} : { name }),
    ...(isStamped ? {} : { description }),
    ...(space.quota?.total === total ? {} : { total }),
  }
}

export function createSpaceWrites(spaces: Spaces): SpaceWrites {
  /** By its id, or in the list of all, where OCIS also shows what it does not by id. */
  async function read(space: Drive, signal: AbortSignal): Promise<Drive | undefined> {
    const shown = await spaces.get(space.id, signal)
    return shown ?? (await spaces.list(signal)).find(({ id }) => id === space.id)
  }

  /** Undefined where it is not there. @throws IntegrationError `conflict` where it is another tenant's by now */
  async function readOurs(space: Drive, tenantId: string, signal: AbortSignal): Promise<Drive | undefined> {
    const shown = await read(space, signal)
    const stamp = shown && readStamp(shown.description)
    if (!stamp || stamp.tenantId === tenantId) return shown
    const message = `By now the space ${space.name} (${space.id}) carries the mark of another tenant: it is left as it is`
    throw failed('conflict', message, { retryable: true })
  }

  async function readOrFail(space: Drive, tenantId: string, signal: AbortSignal): Promise<Drive> {
    const shown = await readOurs(space, tenantId, signal)
    if (shown) return shown
    throw failed('rejected', `OCIS shows the space ${space.name} (${space.id}) no more`, { retryable: true })
  }

  const unproven = (space: Drive, what: string) =>
    failed('contract', `OCIS said that it did, and yet the space ${space.name} (${space.id}) ${what}`)

  async function disable(space: Drive, tenantId: string, signal: AbortSignal): Promise<void> {
    if (isDisabled(await readOrFail(space, tenantId, signal))) return
    await spaces.disable(space, signal)
    if (!isDisabled(await readOrFail(space, tenantId, signal))) throw unproven(space, 'is not disabled')
  }

  return {
    disable,

    async restore(space, tenantId, signal) {
      const current = await readOrFail(space, tenantId, signal)
      if (!isDisabled(current)) return
      await spaces.restore(current, signal)
      if (isDisabled(await readOrFail(space, tenantId, signal))) throw unproven(space, 'is still disabled')
    },

    async bring(space, tenant, signal) {
      const current = await readOrFail(space, tenant.id, signal)
      const changes = differences(current, tenant)
      if (Object.keys(changes).length === 0) return
      await spaces.update(current, changes, signal)
      const left = Object.keys(differences(await readOrFail(space, tenant.id, signal), tenant))
      if (left.length > 0) throw unproven(space, `has another ${left.join(' and ')}`)
    },

    async setAside(space, tenantId, signal) {
      const current = await readOrFail(space, tenantId, signal)
      if (!isDisabled(current) && !readStamp(current.description)?.isSuperseded) {
        if (mayHoldFiles(current)) {
          throw failed('conflict', `The second space ${space.name} (${space.id}) holds files by now`)
        }
        await spaces.update(current, { description: describeSuperseded(tenantId) }, signal)
      }
      await disable(space, tenantId, signal)
    },

    async purge(space, tenantId, signal) {
      if (!(await readOurs(space, tenantId, signal))) return
      await disable(space, tenantId, signal)
      await spaces.purge(space, signal)
      if (await read(space, signal)) throw unproven(space, 'is still there')
    },
  }
}
