import { key } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { deviceOf } from '#server/http/device'
import { signedTarget } from '#server/http/machine'
import { HandlePath } from '#server/http/paths'
import { rotateKey } from '#server/identities/own-identity'
import { IdentityState, RotateIdentityKey } from '#shared/contracts/machines'

export default defineRoute({
  summary: 'Puts another key in place of the one that signs.',
  access: key(),
  params: HandlePath,
  body: RotateIdentityKey,
  response: IdentityState,
  idempotency: 'never',
  async handle({ scope: { proven, platform }, params: { handle }, body, container, event }) {
    await container.attempts.count('registering', deviceOf(event).address ?? 'unknown')
    return rotateKey(platform, container, { ...body, proven, handle, target: signedTarget(event) })
  },
})
