import { isDeepStrictEqual } from 'node:util'
import type { CoreApi } from '@goauthentik/api/dist/apis/CoreApi.js'
import { survivesJson } from './attributes'
import { failed, RefusedError } from './failure'
import type { Exchange } from './exchange'
import { Group, GroupPage, Nothing, parentsOf } from './wire'

const pageSize = 100

/** Authentik's groups, as far as we use them. Every call throws what `Exchange` throws. */
export interface Groups {
  /** All groups of exactly that name: one at most, but for what raced in a database without the constraint. */
  list(name: string, signal: AbortSignal): Promise<Group[]>
  create(group: { name: string; attributes: Group['attributes'] }, signal: AbortSignal): Promise<Group>
  /** A page of all groups, 100 of them. @returns `next`: the next page's number, 0 on the last one */
  page(page: number, signal: AbortSignal): Promise<{ results: Group[]; next: number }>
  /** Does nothing where it is gone already. */
  remove(group: Group, signal: AbortSignal): Promise<void>
  /**
   * Changes attributes: reads them anew, and writes them as a whole, which is all that Authentik can. Nothing is written
   * where nothing changes.
   *
   * @throws IntegrationError `conflict` too where the group is another tenant's by now
   */
  changeAttributes(group: Group, change: AttributeChange, signal: AbortSignal): Promise<void>
  /** Whether members of a group become superusers of Authentik, by it or by a group above it. */
  makesSuperusers(group: Group, signal: AbortSignal): Promise<boolean>
}

type AttributeChange = (attributes: Group['attributes']) => Group['attributes']

/** Beyond any true nesting. */
const mostAbove = 50

/** @param loadApi gives the generated client; asked for at each call */
export function createGroups(loadApi: () => Promise<CoreApi>, exchange: Exchange): Groups {
  async function read(groupUuid: string, signal: AbortSignal): Promise<Group> {
    const api = await loadApi()
    return exchange(
      {
        purpose: `read the group ${groupUuid}`,
        send: (init) => api.coreGroupsRetrieveRaw({ groupUuid, includeUsers: false }, init),
        answer: Group,
      },
      signal,
    )
  }

  return {
    async list(name, signal) {
      const api = await loadApi()
      const found: Group[] = []
      for (let page = 1; page > 0;) {
        const { pagination, results } = await exchange(
          {
            purpose: `look for the group ${name}`,
            send: (init) => api.coreGroupsListRaw({ name, page, pageSize, includeUsers: false }, init),
            answer: GroupPage,
          },
          signal,
        )
        if (pagination.next > 0 && pagination.next <= page) {
          throw failed('contract', `Authentik lists page ${pagination.next} of its groups after page ${page}`)
        }
        found.push(...results.filter((group) => group.name === name))
        page = pagination.next
      }
      return found
    },

    async page(page, signal) {
      const api = await loadApi()
      const { pagination, results } = await exchange(
        {
          purpose: `list page ${page} of the groups`,
          send: (init) =>
            api.coreGroupsListRaw({ page, pageSize, includeUsers: false, ordering: 'pk' }, init),
          answer: GroupPage,
        },
        signal,
      )
      return { results, next: pagination.next }
    },

    async remove({ pk, name }, signal) {
      const api = await loadApi()
      const deleting = {
        purpose: `delete the group ${name}`,
        send: (init: RequestInit) => api.coreGroupsDestroyRaw({ groupUuid: pk }, init),
        answer: Nothing,
      }
      await exchange(deleting, signal).catch((error: unknown) => {
        if (!(error instanceof RefusedError && error.status === 404)) throw error
      })
    },

    async create(group, signal) {
      const api = await loadApi()
      return exchange(
        {
          purpose: `create the group ${group.name}`,
          send: (init) => api.coreGroupsCreateRaw({ groupRequest: group }, init),
          answer: Group,
        },
        signal,
      )
    },

    async changeAttributes(group, change, signal) {
      const { attributes } = await read(group.pk, signal)
      if (attributes.tenantId !== group.attributes.tenantId)
        throw failed('conflict', `Authentik's group ${group.name} was handed to another tenant meanwhile`)
      const changed = change(attributes)
      if (isDeepStrictEqual(changed, attributes)) return
      if (!survivesJson(attributes))
        throw failed('unavailable', `An attribute of Authentik's group ${group.name} can't be written back`)
      const api = await loadApi()
      const request = { groupUuid: group.pk, patchedGroupRequest: { attributes: changed } }
      await exchange(
        {
          purpose: `change the attributes of the group ${group.name}`,
          send: (init) => api.coreGroupsPartialUpdateRaw(request, init),
          answer: Group,
        },
        signal,
      )
    },

    async makesSuperusers(group, signal) {
      const seen = new Set([group.pk])
      const above = [group]
      for (const each of above) {
        if (each.is_superuser) return true
        for (const pk of parentsOf(each)) {
          if (seen.has(pk)) continue
          if (seen.size > mostAbove)
            throw failed('contract', `Authentik's group ${group.name} has more than ${mostAbove} above it`)
          seen.add(pk)
          above.push(await read(pk, signal))
        }
      }
      return false
    },
  }
}
