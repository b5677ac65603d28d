import { z } from 'zod'
import type { ProviderMetadata } from '../provider/provider'
import { oidcError } from './oidc.errors'

/** What a provider sends back (RFC 6749 section 4.1.2, RFC 9207). Each once: a doubled parameter is a list, and no text. */
const Callback = z.object({
  state: z.string().min(1).max(256),
  code: z.string().min(1).max(4096).optional(),
  iss: z.string().max(500).optional(),
  error: z.string().max(200).optional(),
})
export type Callback = z.output<typeof Callback>

/** @throws AppError auth.callback_invalid */
export function parseCallback(query: unknown): Callback {
  const { data } = Callback.safeParse(query)
  if (!data || (!data.code && !data.error)) throw oidcError('auth.callback_invalid')
  return data
}

/**
 * Checks who sent the answer (RFC 9207 section 2.4), and that it is one.
 *
 * @throws AppError auth.issuer_mismatch, auth.login_denied, auth.callback_invalid
 */
export function codeOf({ code, iss, error }: Callback, metadata: ProviderMetadata): string {
  const required = metadata.authorization_response_iss_parameter_supported
  if (iss === undefined ? required : iss !== metadata.issuer) throw oidcError('auth.issuer_mismatch')
  if (error !== undefined) throw oidcError('auth.login_denied', { cause: new Error(error) })
  // The library that exchanges the code would send a space in its place.
  if (!code || code.includes('+')) throw oidcError('auth.callback_invalid')
  return code
}
