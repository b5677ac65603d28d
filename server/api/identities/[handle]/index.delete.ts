import { key } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { deviceOf } from '#server/http/device'
import { HandlePath } from '#server/http/paths'
import { giveUpIdentity } from '#server/identities/own-identity'

export default defineRoute({
  summary: 'Gives up the identity whose key signs: that key is good for nothing from then on.',
  access: key(),
  params: HandlePath,
  idempotency: 'never',
  async handle({ scope: { proven, platform }, params, container, event }) {
    await container.attempts.count('registering', deviceOf(event).address ?? 'unknown')
    await giveUpIdentity(platform, proven, params.handle)
  },
})
