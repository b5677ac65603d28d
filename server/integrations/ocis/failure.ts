import type { Answer } from '../http/answer'
import type { Respondent } from '../http/caller'
import { failuresOf } from '../http/failures'
import { GraphRefusal, IssuerRefusal } from './wire'

export { RefusedError } from '../http/failures'

const ocis = { service: 'ocis', name: 'OCIS' } as const

/** IntegrationErrors of OCIS's. */
export const { failed, fit } = failuresOf(ocis)

/** OCIS, as somebody who is asked over HTTP. */
export const ocisAsked = (secrets: () => readonly string[]): Respondent => ({
  ...ocis,
  refusal: GraphRefusal,
  hintOf,
  secrets,
})

/** Who issues its tokens: `invalid_client` comes with 400 or 401 (RFC 6749 section 5.2). */
export const issuerAsked = (secrets: () => readonly string[]): Respondent => ({
  service: ocis.service,
  name: "The issuer of OCIS's tokens",
  refusal: IssuerRefusal,
  kindOf: (status, refusal) => (status === 400 && refusal ? 'unauthorized' : undefined),
  secrets,
})

/** What OCIS's own answers mean where they don't say so. */
function hintOf({ status, text }: Answer): string {
  const isEmpty = !text.trim()
  if (status === 404) return '; it also answers so where the service account may not see it'
  if (status === 401 && isEmpty) return '; its proxy knows neither the token nor its account'
  if (status === 500 && isEmpty) return '; its proxy answers so where the service account has no role'
  return ''
}
