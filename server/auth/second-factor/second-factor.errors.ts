import { defineErrors } from '#server/lib/errors'

export const secondFactorError = defineErrors({
  'second_factor.wrong_code': { status: 422, title: 'This code is not right.' },
  'second_factor.passkey_refused': { status: 422, title: 'This passkey was not accepted.' },
  'second_factor.needed': { status: 422, title: 'A second factor is needed too.' },
  'second_factor.already_set_up': { status: 409, title: 'An app is set up already.' },
  'second_factor.not_set_up': { status: 409, title: 'Begin the set-up anew.' },
  'second_factor.required': { status: 409, title: 'Your role needs a second factor.' },
  'second_factor.is_your_own': { status: 409, title: 'You can’t reset your own second step.' },
  'passkey.not_found': { status: 404, title: 'There is no such passkey.' },
  'passkey.already_registered': { status: 409, title: 'This passkey is registered already.' },
  'passkey.too_many': { status: 409, title: 'You have as many passkeys as somebody can have.' },
})
