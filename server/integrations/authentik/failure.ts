import { failuresOf } from '../http/failures'
import type { Respondent } from '../http/caller'
import { Refusal } from './wire'

export { RefusedError } from '../http/failures'

const authentik = { service: 'authentik', name: 'Authentik' } as const

/** An IntegrationError of Authentik's. */
export const { failed } = failuresOf(authentik)

/** Authentik, as somebody who is asked over HTTP. 403 is how it answers a bad token. */
export const authentikAsked = (token: string): Respondent => ({
  ...authentik,
  refusal: Refusal,
  secrets: () => [token],
})
