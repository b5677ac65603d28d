import { TOTP } from 'otpauth'
import type { Clock } from '#server/lib/clock'
import type { Authenticator } from './authenticator'
import type { HttpClient } from './http'
import { password } from './portal'

/** An answer that is right, else an error that shows it. */
function ok<Answer extends { status: number; text: string }>(answer: Answer): Answer {
  if (answer.status >= 300) throw new Error(`Answered ${answer.status}: ${answer.text}`)
  return answer
}

/** An app with a secret, showing codes by a clock. */
export function codesOf(secret: string, clock: Clock) {
  const totp = new TOTP({ secret })
  return { at: (seconds = 0) => totp.generate({ timestamp: clock.now().getTime() + seconds * 1000 }) }
}

/** Sets an app up for whoever is signed in with this browser. */
export async function setUpApp(browser: HttpClient, clock: Clock) {
  const { secret } = ok(await browser.post('/api/users/me/second-factor/totp')).json
  const codes = codesOf(secret, clock)
  const confirmed = ok(await browser.post('/api/users/me/second-factor/totp/confirm', { code: codes.at() }))
  return { codes, recoveryCodes: confirmed.json.recoveryCodes as string[] }
}

/** Registers a passkey for whoever is signed in with this browser. */
export async function registerPasskey(browser: HttpClient, authenticator: Authenticator, name = 'Laptop') {
  const options = ok(await browser.post('/api/users/me/passkeys/options')).json
  return browser.post('/api/users/me/passkeys', { name, passkey: authenticator.register(options) })
}

/** The first step of a sign-in, whose second is wanted. */
export async function beginSignIn(browser: HttpClient, email: string) {
  return ok(await browser.post('/api/auth/login', { email, password })).json.secondFactor as string[]
}
