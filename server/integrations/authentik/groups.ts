import type { CoreApi } from '@goauthentik/api/dist/apis/CoreApi.js'
import { failed, RefusedError } from './failure'
import type { Exchange } from './exchange'
import { Group, GroupPage, Nothing } from './wire'

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
  /** Replaces the attributes as a whole, which is all that Authentik can. */
  replaceAttributes(group: Group, attributes: Group['attributes'], signal: AbortSignal): Promise<Group>
}

/** @param loadApi gives the generated client; asked for at each call */
export function createGroups(loadApi: () => Promise<CoreApi>, exchange: Exchange): Groups {
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

    async replaceAttributes(group, attributes, signal) {
      const api = await loadApi()
      return exchange(
        {
          purpose: `change the attributes of the group ${group.name}`,
          send: (init) =>
            api.coreGroupsPartialUpdateRaw(
              { groupUuid: group.pk, patchedGroupRequest: { attributes } },
              init,
            ),
          answer: Group,
        },
        signal,
      )
    },
  }
}
