import { z } from 'zod'
import { fetchJson } from './fetch-json'
import { providerError } from './provider.errors'

const UserInfo = z.looseObject({ sub: z.string() })

/**
 * The provider's claims of the person whom an access token stands for (OpenID Connect Core 1.0 section 5.3).
 *
 * @param subject of the ID token: an answer for another person is refused (section 5.3.2)
 * @throws AppError auth.id_token_refused; IntegrationError
 */
export async function fetchUserInfo(
  endpoint: string,
  accessToken: string,
  subject: string,
): Promise<Record<string, unknown>> {
  const answer = await fetchJson(endpoint, { headers: { authorization: `Bearer ${accessToken}` } })
  const { data } = UserInfo.safeParse(answer)
  if (data?.sub !== subject)
    throw providerError('auth.id_token_refused', {
      cause: new Error('userinfo answered for another person, or for nobody'),
    })
  return data
}
