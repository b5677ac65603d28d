import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type JWTPayload } from 'jose'

/** How a token is signed: by the key that the provider publishes, by another of the same name, not at all, or as HMAC. */
export type Signing = 'honest' | 'stranger' | 'none' | 'public key as HMAC'

/** What it does other than an honest provider; each may be changed at any time. */
export interface Forgery {
  /** Claims of the ID token, from the honest ones. */
  claims: (honest: JWTPayload) => JWTPayload
  signing: Signing
  /** Answers a path itself, such as with a page, with silence, or without end. */
  answers: Record<string, (request: IncomingMessage, response: ServerResponse) => void>
  /** Parameters of the callback, from the honest ones. */
  callback: (honest: Record<string, string>) => Record<string, string>
  userInfo: Record<string, unknown>
}

/** A provider that an honest one can't be, on 127.0.0.1. Its login asks nobody: whoever comes is `person`. */
export interface ForgingProvider {
  readonly issuer: string
  readonly environment: Record<'OIDC_ISSUER' | 'OIDC_CLIENT_ID' | 'OIDC_CLIENT_SECRET', string>
  readonly forge: Forgery
  /** Calls since the start, by path. */
  readonly calls: Map<string, number>
  /** The honest claims of an ID token, from now. */
  claims(nonce: string): JWTPayload
  /** Signs anything; `typ` is the header's. */
  sign(claims: JWTPayload, options?: { signing?: Signing; typ?: string; kid?: string }): Promise<string>
  /** Goes back to honesty. */
  behave(): void
  stop(): Promise<void>
}

const clientId = 'tenantry'

function honesty(): Forgery {
  return {
    claims: (honest) => honest,
    signing: 'honest',
    answers: {},
    callback: (honest) => honest,
    userInfo: { sub: 'person', name: 'Forged Person', email: 'person@example.org', email_verified: true },
  }
}

const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

export async function startForgingProvider(): Promise<ForgingProvider> {
  const [own, stranger] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')])
  const publicPem = await exportSPKI(own.publicKey)
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'own', alg: 'RS256', use: 'sig' }
  const forge = honesty()
  const calls = new Map<string, number>()

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    calls.set(url.pathname, (calls.get(url.pathname) ?? 0) + 1)
    const answer = forge.answers[url.pathname]
    if (answer) return answer(request, response)
    void honestly(url, request).then((said) => {
      if (typeof said === 'string') response.writeHead(302, { location: said }).end()
      else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const claims = (nonce: string): JWTPayload => {
    const now = Math.floor(Date.now() / 1000)
    const times = { iat: now, exp: now + 300 }
    return {
      iss: issuer,
      aud: clientId,
      sub: 'person',
      nonce,
      ...times,
      email: 'person@example.org',
      email_verified: true,
      name: 'Forged Person',
    }
  }

  async function sign(
    payload: JWTPayload,
    { signing = 'honest', typ = 'JWT', kid = 'own' }: { signing?: Signing; typ?: string; kid?: string } = {},
  ): Promise<string> {
    if (signing === 'none') return `${text({ alg: 'none', typ })}.${text(payload)}.`
    if (signing === 'public key as HMAC') {
      const signed = `${text({ alg: 'HS256', typ, kid })}.${text(payload)}`
      return `${signed}.${createHmac('sha256', publicPem).update(signed).digest('base64url')}`
    }
    const { privateKey } = signing === 'honest' ? own : stranger
    return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ, kid }).sign(privateKey)
  }

  async function honestly(url: URL, request: IncomingMessage): Promise<unknown> {
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/jwks`,
          userinfo_endpoint: `${issuer}/userinfo`,
          authorization_response_iss_parameter_supported: true,
        }
      case '/jwks':
        return { keys: [jwk] }
      case '/authorize': {
        const { redirect_uri: back = '', state = '', nonce = '' } = Object.fromEntries(url.searchParams)
        const code = Buffer.from(nonce).toString('base64url')
        return `${back}?${new URLSearchParams(forge.callback({ code, state, iss: issuer }))}`
      }
      case '/token': {
        const body: Buffer[] = []
        for await (const chunk of request) body.push(chunk as Buffer)
        const code = new URLSearchParams(Buffer.concat(body).toString()).get('code') ?? ''
        const nonce = Buffer.from(code, 'base64url').toString()
        const id_token = await sign(forge.claims(claims(nonce)), { signing: forge.signing })
        return { access_token: 'opaque', token_type: 'Bearer', expires_in: 300, id_token }
      }
      default:
        return forge.userInfo
    }
  }

  return {
    issuer,
    environment: { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: 'forged' },
    forge,
    calls,
    claims,
    sign,
    behave: () => void Object.assign(forge, honesty()),
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
