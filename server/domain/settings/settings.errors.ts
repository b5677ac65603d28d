import { defineErrors } from '#server/lib/errors'

export const settingsError = defineErrors({
  'settings.locked': { status: 409, title: 'The environment of the server sets this.' },
})
