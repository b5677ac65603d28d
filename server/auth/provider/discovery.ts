import { z } from 'zod'
import { IntegrationError } from '#server/lib/errors'
import { isConfidential } from '#shared/contracts/issuer'
import { fetchJson } from './fetch-json'

const endpoint = z.url().refine(isConfidential, 'must be https')

/** What is read of a provider's own description (OpenID Connect Discovery 1.0 section 3). */
const ProviderMetadata = z.object({
  issuer: z.string(),
  authorization_endpoint: endpoint,
  token_endpoint: endpoint,
  jwks_uri: endpoint,
  userinfo_endpoint: endpoint.optional(),
  end_session_endpoint: endpoint.optional(),
  introspection_endpoint: endpoint.optional(),
  /** RFC 9207: its answers say who gave them. */
  authorization_response_iss_parameter_supported: z.boolean().default(false),
})
export type ProviderMetadata = z.output<typeof ProviderMetadata>

/**
 * Asks a provider to describe itself. It must name the issuer exactly as we know it (section 4.3).
 *
 * @throws IntegrationError in words for an operator
 */
export async function discover(issuer: string): Promise<ProviderMetadata> {
  const answer = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const parsed = ProviderMetadata.safeParse(answer)
  if (!parsed.success) {
    const fields = [...new Set(parsed.error.issues.map(({ path }) => path.join('.') || 'all of it'))]
    throw mismatch(`Its description lacks what is needed, or has it in another form: ${fields.join(', ')}.`)
  }
  if (parsed.data.issuer !== issuer)
    throw mismatch(
      `It names another issuer than was configured: ${JSON.stringify(parsed.data.issuer.slice(0, 200))}.`,
    )
  return parsed.data
}

const mismatch = (message: string) => new IntegrationError({ service: 'oidc', kind: 'contract', message })
