import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import { Provider } from 'oidc-provider'
import {
  claimsOf,
  loginPage,
  logoutPage,
  threePeople,
  type ProviderPerson,
} from './identity-provider-people.ts'

export interface IdentityProviderOptions {
  /** Default: a free one. */
  port?: number
  clientId?: string
  clientSecret?: string
  /** Origins of the portals that it signs people in for. More can be registered while it runs. */
  portals?: readonly string[]
}

/** A real OpenID provider (`oidc-provider`) on 127.0.0.1, with three people. */
export interface IdentityProvider {
  readonly issuer: string
  readonly port: number
  readonly clientId: string
  readonly clientSecret: string
  /** Where a test takes an authorization code itself, without a portal. */
  readonly testRedirectUri: string
  /** May be changed at any time: claims are read anew for each token. */
  readonly people: Record<string, ProviderPerson>
  /** What a portal has to be started with. */
  readonly environment: Record<'OIDC_ISSUER' | 'OIDC_CLIENT_ID' | 'OIDC_CLIENT_SECRET', string>
  /** Calls since the start, by path. */
  readonly calls: Map<string, number>
  /** Lets a portal sign people in; beside the others. */
  register(portal: string): void
  /** Signs with a new key from now on; the old one is gone. */
  rotateKeys(): Promise<void>
  /** Takes no connection any more; people stay signed in. */
  stop(): Promise<void>
  /** After `stop`: on the same port again. */
  restart(): Promise<void>
}

async function newKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const jwk = await exportJWK(privateKey)
  return { ...jwk, alg: 'RS256', use: 'sig', kid: await calculateJwkThumbprint(jwk) }
}

/** Starts the provider; sessions and grants are kept in memory. */
export async function startIdentityProvider(
  options: IdentityProviderOptions = {},
): Promise<IdentityProvider> {
  const { clientId = 'tenantry', clientSecret = 'secret-with-%+/:&-in-it-0123456789' } = options
  const people = threePeople()
  const portals = new Set(options.portals)
  const testRedirectUri = 'http://127.0.0.1/test-callback'
  const calls = new Map<string, number>()
  let key = await newKey()
  let provider: Provider
  let answer: ReturnType<Provider['callback']>

  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    calls.set(path, (calls.get(path) ?? 0) + 1)
    const serve = path.startsWith('/interaction/') ? interact : answer
    Promise.resolve(serve(request, response)).catch(() => response.writeHead(400).end('Refused'))
  })
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const port = await listen(options.port ?? 0)
  const issuer = `http://127.0.0.1:${port}`

  async function interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { uid } = await provider.interactionDetails(request, response)
    const body: Buffer[] = []
    for await (const chunk of request) body.push(chunk as Buffer)
    const said = new URLSearchParams(Buffer.concat(body).toString())
    const login = said.get('login')
    if (request.method === 'POST' && said.has('cancel'))
      return provider.interactionFinished(request, response, { error: 'access_denied' })
    if (request.method === 'POST' && login && Object.hasOwn(people, login))
      return provider.interactionFinished(request, response, { login: { accountId: login } })
    response.writeHead(200, { 'content-type': 'text/html' }).end(loginPage(uid, people))
  }

  /** Clients and keys are settled when it is made; what it knows of people outlives it. */
  function build(): void {
    provider = new Provider(
      issuer,
      configuration({ clientId, clientSecret, key, people, portals, testRedirectUri }),
    )
    answer = provider.callback()
  }
  build()

  return {
    issuer,
    port,
    clientId,
    clientSecret,
    testRedirectUri,
    people,
    calls,
    environment: { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret },
    register(portal) {
      portals.add(portal)
      build()
    },
    async rotateKeys() {
      key = await newKey()
      build()
    },
    async stop() {
      if (!server.listening) return
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
    async restart() {
      await listen(port)
    },
  }
}

/** Audience of the access tokens that are made for a resource: the part behind this, as `urn:audience:portal`. */
export const resourceFor = (audience: string) => `urn:audience:${audience}`

interface Knowledge {
  clientId: string
  clientSecret: string
  key: JWK
  people: Record<string, ProviderPerson>
  portals: ReadonlySet<string>
  testRedirectUri: string
}

function configuration({ clientId, clientSecret, key, people, portals, testRedirectUri }: Knowledge) {
  const [first] = portals
  const personOf = (id: string) => (Object.hasOwn(people, id) ? people[id] : undefined)
  return {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [testRedirectUri, ...[...portals].map((origin) => `${origin}/auth/oidc/callback`)],
        post_logout_redirect_uris: [...portals].map((origin) => `${origin}/login`),
        ...(first && { backchannel_logout_uri: `${first}/auth/oidc/backchannel-logout` }),
        backchannel_logout_session_required: true,
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    jwks: { keys: [key] },
    cookies: { keys: ['a key for the cookies of development'] },
    claims: {
      openid: ['sub', 'sid'],
      profile: ['name', 'locale'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    // In the ID token too, as most providers do.
    conformIdTokenClaims: false,
    findAccount: (_context: unknown, id: string) => {
      const person = personOf(id)
      return person && { accountId: id, claims: () => claimsOf(person) }
    },
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    // Nobody is asked for consent: the client is the provider's own.
    async loadExistingGrant({ oidc }: GrantContext) {
      const grant = new oidc.provider.Grant({
        clientId: oidc.client.clientId,
        accountId: oidc.session.accountId,
      })
      grant.addOIDCScope('openid profile email groups')
      for (const resource of [oidc.params.resource].flat())
        if (resource) grant.addResourceScope(resource, 'portal')
      await grant.save()
      return grant
    },
    extraTokenClaims: (_context: unknown, { accountId }: { accountId?: string }) => {
      const person = accountId === undefined ? undefined : personOf(accountId)
      return person && claimsOf(person)
    },
    pkce: { required: () => true },
    // Its own guard would reach nothing on this machine, where the portals are.
    fetch: (address: string, { dispatcher: _, ...options }: RequestInit & { dispatcher?: unknown }) =>
      fetch(address, options),
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      introspection: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context: { body: string }, form: string) => {
          context.body = logoutPage(form)
        },
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context: unknown, resource: string) => ({
          scope: 'portal',
          audience: resource.replace(resourceFor(''), ''),
          accessTokenFormat: 'jwt',
          accessTokenTTL: 300,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    ttl: {
      AccessToken: 300,
      AuthorizationCode: 60,
      IdToken: 300,
      Interaction: 600,
      Session: 86_400,
      Grant: 86_400,
    },
  }
}

interface GrantContext {
  oidc: {
    client: { clientId: string }
    session: { accountId: string }
    params: { resource?: string | string[] }
    provider: {
      Grant: new (of: { clientId: string; accountId: string }) => {
        addOIDCScope(scope: string): void
        addResourceScope(resource: string, scope: string): void
        save(): Promise<string>
      }
    }
  }
}
