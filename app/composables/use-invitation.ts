import { AcceptedInvitation, InvitationOffer } from '#shared/contracts/invitations'
import type { NewAccount } from '#shared/contracts/invitations'

const over: Failure = { status: 404, code: 'invitation.not_found', title: 'There is no such invitation' }

/** The invitation that a person holds the link of. Only the browser knows the token, so nothing is shown before it is live. */
export function useInvitation() {
  const api = useApi()
  const session = useSession()
  const holder = useInvitationToken()
  const offer = shallowRef<InvitationOffer>()
  const failure = shallowRef<Failure>()
  let path = ''

  async function load(): Promise<void> {
    const token = await holder.take()
    path = `/api/invitations/${token}`
    offer.value = undefined
    failure.value = token ? undefined : over
    if (!token) return
    try {
      offer.value = await api.request(InvitationOffer, path, { anonymous: true })
    } catch (error) {
      failure.value = failureFrom(error)
      if (failure.value.status === 404) holder.forget()
    }
  }

  return {
    offer,
    /** Why it can't be shown, or is none any more. */
    failure,
    load,
    /**
     * Accepts it, as who is signed in or with a new account. Where it turns out that something else has to be done
     * first, the offer tells what.
     */
    async accept(account?: NewAccount): Promise<AcceptedInvitation> {
      try {
        const body = account ?? {}
        const options = { method: 'POST', body, anonymous: true } as const
        const accepted = await api.request(AcceptedInvitation, `${path}/accept`, options)
        holder.forget()
        // Refused to somebody who has to set up a second factor first: the way there tells them so.
        await session.refresh()
        return accepted
      } catch (error) {
        if ([401, 404].includes(failureFrom(error).status)) await load()
        throw error
      }
    },
  }
}
