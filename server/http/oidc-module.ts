import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { createEvent, type EventHandler, type H3Event } from 'h3'
import { providerError, type ProviderMetadata, type ProviderSettings } from '#server/auth/provider/provider'
import type { ExchangedTokens } from '#server/auth/oidc/complete-login'
import { oidcError } from '#server/auth/oidc/oidc.errors'

/*
 * nuxt-oidc-auth makes the login's redirect (state, PKCE) and exchanges the code. Its handlers are called with requests
 * of our own: no browser reaches them, and none of their cookies reaches a browser. docs/decisions has the reasons.
 */

/** What the module is told of the provider. */
export interface ModuleProvider {
  settings: ProviderSettings
  metadata: ProviderMetadata
  /** PUBLIC_URL */
  publicUrl: string
}

/** Where a login goes on at the provider. */
export interface BegunLogin {
  address: string
  state: string
  /** To be kept for `exchangeCode`. */
  moduleCookies: string
}

const exchangeSeconds = 10

async function silence(seconds: number): Promise<undefined> {
  await setTimeout(seconds * 1000, undefined, { ref: false })
}

/** Where nuxt.config tells the module to go when the code was exchanged; everything else is a failure. */
const success = '/api/auth/oidc/complete'

/** @param parameters `nonce`, and what else nuxt.config lets through to the provider */
export async function beginAtModule(
  provider: ModuleProvider,
  parameters: Record<string, string>,
): Promise<BegunLogin> {
  await configure(provider)
  const { default: login } = await import('nuxt-oidc-auth/runtime/server/handler/login.get.js')
  const { location, cookies } = await ask(login, `/auth/oidc/login?${new URLSearchParams(parameters)}`, '')
  const state = location && URL.canParse(location) && new URL(location).searchParams.get('state')
  if (!location || !state) throw new Error('nuxt-oidc-auth began no login')
  return { address: location, state, moduleCookies: cookies }
}

/**
 * Exchanges a code.
 *
 * @returns cookies to take the tokens with
 * @throws AppError auth.code_refused, auth.provider_unavailable
 */
export async function exchangeCode(
  provider: ModuleProvider,
  answer: { code: string; state: string },
  moduleCookies: string,
): Promise<string> {
  await configure(provider)
  const { default: callback } = await import('nuxt-oidc-auth/runtime/server/handler/callback.js')
  const query = new URLSearchParams({ code: answer.code, state: answer.state })
  // The module waits for the provider without end; what comes too late is nobody's any more.
  const asked = ask(callback, `/auth/oidc/callback?${query}`, moduleCookies)
  asked.catch(() => undefined)
  const answered = await Promise.race([asked, silence(exchangeSeconds)])
  if (!answered) throw providerError('auth.provider_unavailable', { retryAfterSeconds: 5 })
  const { location, cookies } = answered
  if (location !== success) throw oidcError('auth.code_refused')
  return cookies
}

/** Takes the tokens out of the module's session, which is gone then. @throws AppError auth.code_refused */
export async function takeTokens(moduleCookies: string): Promise<ExchangedTokens> {
  const { getUserSession, clearUserSession } = await import('nuxt-oidc-auth/runtime/server/utils/session.js')
  const event = eventFor('/api/auth/oidc/complete', moduleCookies)
  const { idToken, accessToken } = await getUserSession(event)
  await clearUserSession(event)
  if (!idToken || !accessToken) throw oidcError('auth.code_refused')
  return { idToken, accessToken }
}

/**
 * The module takes from its preset whatever nuxt.config does not set. A handler reads it before it first waits, so
 * that another request's values can't come between.
 */
async function configure({ settings, metadata, publicUrl }: ModuleProvider): Promise<void> {
  const { oidc: preset } = await import('nuxt-oidc-auth/runtime/providers/index.js')
  Object.assign(preset, {
    clientId: settings.clientId,
    // RFC 6749 section 2.3.1: encoded before it goes into the Basic header, which the module leaves out.
    clientSecret: encodeURIComponent(settings.clientSecret),
    redirectUri: `${publicUrl}/auth/oidc/callback`,
    authorizationUrl: metadata.authorization_endpoint,
    tokenUrl: metadata.token_endpoint,
    // Fetched by ourselves, where it is needed: here it would go into a cookie.
    userInfoUrl: undefined,
    scope: settings.scopes,
  })
}

function eventFor(path: string, cookies: string): H3Event {
  const request = new IncomingMessage(new Socket())
  request.method = 'GET'
  request.url = path
  request.headers = { host: 'localhost', ...(cookies && { cookie: cookies }) }
  const event = createEvent(request, new ServerResponse(request))
  // Where Nitro keeps the configuration of a request.
  event.context.nitro = {}
  return event
}

async function ask(handler: EventHandler, path: string, cookies: string) {
  const event = eventFor(path, cookies)
  await handler(event)
  const location = event.node.res.getHeader('location')
  return {
    location: typeof location === 'string' ? location : undefined,
    cookies: cookiesAfter(cookies, [event.node.res.getHeader('set-cookie') ?? []].flat().map(String)),
  }
}

/** The Cookie header that a browser would send next. */
function cookiesAfter(before: string, lines: readonly string[]): string {
  const jar = new Map(before.split('; ').flatMap((pair) => (pair ? [splitPair(pair)] : [])))
  for (const line of lines) {
    const [name, value] = splitPair(line.split(';')[0] ?? '')
    if (value === '' || /max-age=0/i.test(line)) jar.delete(name)
    else jar.set(name, value)
  }
  return [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
}

function splitPair(pair: string): [string, string] {
  const at = pair.indexOf('=')
  return [pair.slice(0, at), pair.slice(at + 1)]
}
