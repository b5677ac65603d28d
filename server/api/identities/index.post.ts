import { key } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { deviceOf } from '#server/http/device'
import { registerIdentity } from '#server/identities/registration'
import { RegisteredIdentity, RegisterIdentity } from '#shared/contracts/machines'

export default defineRoute({
  summary: 'Registers a machine by its key, or finds it again; with the address at which it is claimed.',
  access: key(),
  body: RegisterIdentity,
  response: RegisteredIdentity,
  status: 200,
  created: ({ isNew }) => isNew === true,
  idempotency: 'never',
  async handle({ scope: { proven, platform }, body, container, event }) {
    const origin = deviceOf(event)
    await container.attempts.count('registering', origin.address ?? 'unknown')
    return registerIdentity(platform, container, { ...body, proven, origin })
  },
})
