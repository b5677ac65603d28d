import type { H3Event } from 'h3'
import { challengeSeconds } from '#server/auth/second-factor/passkey-challenges'
import type { PasskeyQuestion } from '#server/auth/second-factor/passkey-ceremonies'
import { issueStepCookie } from './cookies'

/** Gives the browser what it asks its passkeys, and the token that their answer is accepted with. */
export function askPasskey(event: H3Event, { options, token }: PasskeyQuestion) {
  issueStepCookie(event, 'passkey', token, challengeSeconds)
  return options
}
