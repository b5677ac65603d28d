import { createHash, randomBytes } from 'node:crypto'
import type { DpopKey } from './dpop'
import { resourceFor, type IdentityProvider } from './identity-provider'
import { WebBrowser } from './web-browser'

export interface ProviderTokens {
  access_token: string
  id_token: string
}

/**
 * Tokens for a person, by the whole code flow as a client of their own would take them.
 *
 * @param audience of the access token, a JWT then; without one it is opaque
 * @param key that the access token is to be bound to
 */
export async function tokensFor(
  provider: IdentityProvider,
  login: string,
  audience?: string,
  key?: DpopKey,
): Promise<ProviderTokens> {
  const verifier = randomBytes(32).toString('base64url')
  const resource = audience === undefined ? undefined : resourceFor(audience)
  const question = new URLSearchParams({
    client_id: provider.clientId,
    response_type: 'code',
    scope: resource ? 'openid profile email groups portal' : 'openid profile email groups',
    redirect_uri: provider.testRedirectUri,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...(resource && { resource }),
  })
  const isBack = (url: URL) => url.href.startsWith(provider.testRedirectUri)
  const browser = new WebBrowser()
  await browser.open(`${provider.issuer}/auth?${question}`, isBack)
  if (!isBack(new URL(browser.url))) await browser.signInAs(login, isBack)
  const code = new URL(browser.url).searchParams.get('code')
  if (!code) throw new Error(`No code: ${browser.url} ${browser.text.slice(0, 500)}`)

  const secret = `${encodeURIComponent(provider.clientId)}:${encodeURIComponent(provider.clientSecret)}`
  const answer = await fetch(`${provider.issuer}/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(secret).toString('base64')}`,
      ...(key && { dpop: await key.prove('POST', `${provider.issuer}/token`) }),
    },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: provider.testRedirectUri,
      code_verifier: verifier,
      ...(resource && { resource }),
    }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`No tokens (${answer.status}): ${text}`)
  return JSON.parse(text) as ProviderTokens
}
