import { defineErrors } from '#server/lib/errors'

export const provisioningError = defineErrors({
  'run.not_found': { status: 404, title: 'There is no such run.' },
  'provisioning.paused': { status: 409, title: 'Nothing is provisioned for this tenant now.' },
})
