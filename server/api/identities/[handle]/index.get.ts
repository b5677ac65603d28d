import { key } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { deviceOf } from '#server/http/device'
import { HandlePath } from '#server/http/paths'
import { getOwnIdentity } from '#server/identities/own-identity'
import { IdentityState } from '#shared/contracts/machines'

export default defineRoute({
  summary: 'What has become of a machine, for itself: whether it was claimed, and what it reaches.',
  access: key(),
  params: HandlePath,
  response: IdentityState,
  async handle({ scope: { proven, platform }, params, container, event }) {
    await container.attempts.count('polling', deviceOf(event).address ?? 'unknown')
    return getOwnIdentity(platform, proven, params.handle)
  },
})
