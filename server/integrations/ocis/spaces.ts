import { createSharedAnew } from '../http/shared'
import type { Exchange } from './exchange'
import { fit, RefusedError } from './failure'
import { listAll } from './listing'
import { Drive, DrivePage, Nothing } from './wire'

const drives = ['v1.0', 'drives'] as const
const purpose = 'list its spaces'
const listing = { path: drives, query: { $filter: "driveType eq 'project'" }, answer: DrivePage }
const isProject = (drive: Drive) => drive.driveType === 'project'

/** What is decided about a space. */
export interface SpaceFields {
  name: string
  description: string
  /** In bytes. */
  total: number
}

/** Whether nobody gets in: what a first DELETE makes of a space. */
export const isDisabled = (drive: Drive): boolean => Boolean(drive.root?.deleted)

/** Whether a space may hold what somebody would miss: so long as it does not say that it uses nothing. */
export const mayHoldFiles = (drive: Drive): boolean => drive.quota?.used !== 0

/** OCIS's project spaces, as far as we use them. Every call throws what `Exchange` throws. */
export interface Spaces {
  /**
   * All of them, the disabled ones too: one call, which answers with everything, as it is after it was asked for. Who
   * asks while it is under way shares the next one.
   */
  list(signal: AbortSignal): Promise<readonly Drive[]>
  /** The same, one after the other: nothing is held of those that were given. Where it fails, some may have been. */
  each(take: (drive: Drive) => void, signal: AbortSignal): Promise<void>
  /** Undefined where it is not there, or may not be seen. */
  get(id: string, signal: AbortSignal): Promise<Drive | undefined>
  create(fields: SpaceFields, signal: AbortSignal): Promise<Drive>
  update(space: Drive, fields: Partial<SpaceFields>, signal: AbortSignal): Promise<void>
  /** Nobody gets in any more, and nothing is lost. */
  disable(space: Drive, signal: AbortSignal): Promise<void>
  /** Of a disabled one. */
  restore(space: Drive, signal: AbortSignal): Promise<void>
  /** Removes a disabled one for good. */
  purge(space: Drive, signal: AbortSignal): Promise<void>
}

export function createSpaces(exchange: Exchange): Spaces {
  const quota = (total: number) => ({ quota: { total } })

  return {
    list: createSharedAnew(async (signal) => {
      // A filter that it does not know is ignored, so that it is applied here too.
      return (await listAll(exchange, { purpose, ...listing }, signal)).filter(isProject)
    }),

    async each(take, signal) {
      const each = (item: unknown) => {
        const drive = fit(purpose, item, Drive, 'an item of value')
        if (isProject(drive)) take(drive)
      }
      await listAll(exchange, { purpose, ...listing, each }, signal)
    },

    async get(id, signal) {
      try {
        const call = { purpose: 'show a space', method: 'GET', path: [...drives, id], answer: Drive } as const
        return await exchange(call, signal)
      } catch (error) {
        if (error instanceof RefusedError && error.status === 404) return undefined
        throw error
      }
    },

    create: ({ name, description, total }, signal) =>
      exchange(
        {
          purpose: `create the space ${name}`,
          method: 'POST',
          path: drives,
          body: { name, description, ...quota(total) },
          answer: Drive,
        },
        signal,
      ),

    async update(space, { name, description, total }, signal) {
      const body = {
        ...(name === undefined ? {} : { name }),
        ...(description === undefined ? {} : { description }),
        ...(total === undefined ? {} : quota(total)),
      }
      const path = [...drives, space.id]
      await exchange(
        { purpose: `change the space ${space.name}`, method: 'PATCH', path, body, answer: Drive },
        signal,
      )
    },

    async disable(space, signal) {
      const path = [...drives, space.id]
      await exchange(
        { purpose: `disable the space ${space.name}`, method: 'DELETE', path, answer: Nothing },
        signal,
      )
    },

    async restore(space, signal) {
      await exchange(
        {
          purpose: `restore the space ${space.name}`,
          method: 'PATCH',
          path: [...drives, space.id],
          headers: { Restore: 'true' },
          body: { name: space.name },
          answer: Drive,
        },
        signal,
      )
    },

    async purge(space, signal) {
      await exchange(
        {
          purpose: `purge the space ${space.name}`,
          method: 'DELETE',
          path: [...drives, space.id],
          headers: { Purge: 'T' },
          answer: Nothing,
        },
        signal,
      )
    },
  }
}
