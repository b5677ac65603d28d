import { getQuery, type H3Event } from 'h3'
import { codeOf, parseCallback } from '#server/auth/oidc/callback'
import { completeLink, completeLogin } from '#server/auth/oidc/complete-login'
import type { LoginFlow } from '#server/auth/oidc/login-flows'
import { oidcError } from '#server/auth/oidc/oidc.errors'
import type { Container } from '#server/container'
import { newToken } from '#server/lib/ids'
import type { PlatformScope } from '#server/scope'
import { issueSessionCookie } from './cookies'
import { deviceOf, originOf } from './device'
import { clearLoginBrowser, ensureLoginBrowser, loginBrowser } from './login-cookie'
import { beginAtModule, exchangeCode, takeTokens, type ModuleProvider } from './oidc-module'

/** How a login is begun. */
export interface LoginStart {
  /** A safe path of this portal. */
  returnTo: string
  /** `login`: the provider has to ask anew, and we make sure that it did. */
  prompt?: 'login' | undefined
  link?: LoginFlow['link']
}

/** @throws AppError auth.provider_not_configured (404), auth.provider_unavailable */
async function providerOf({ provider, config }: Container): Promise<ModuleProvider> {
  const settings = await provider.requireSettings()
  return { settings, metadata: await provider.metadata(), publicUrl: config.publicUrl }
}

/**
 * Begins a login in this browser; it counts against the address that it comes from until it is brought to an end.
 *
 * @returns the address at the provider
 * @throws AppError rate.limited, auth.provider_not_configured (404), auth.provider_unavailable
 */
export async function startLogin(event: H3Event, { returnTo, prompt, link }: LoginStart): Promise<string> {
  const { container } = event.context
  const provider = await providerOf(container)
  await container.attempts.count('beginning', deviceOf(event).address ?? 'unknown')
  const nonce = newToken()
  const fresh = prompt === 'login'
  const { address, state, moduleCookies } = await beginAtModule(provider, {
    nonce,
    ...(prompt && { prompt }),
    // Makes the provider say when it asked (OpenID Connect Core 1.0 section 3.1.2.1).
    ...(fresh && { max_age: '0' }),
  })
  // A login that was asked for by somebody who is signed in is their proof, and nobody else's way in.
  const proves = fresh && !link && event.context.caller?.session ? event.context.caller.userId : undefined
  const begunAt = Math.floor(container.clock.now().getTime() / 1000)
  const flow = {
    nonce,
    returnTo,
    begunAt,
    fresh,
    moduleCookies,
    ...(link && { link }),
    ...(proves && { proves }),
  }
  await container.loginFlows.begin(ensureLoginBrowser(event), state, flow)
  return address
}

/** Takes the provider's answer and exchanges its code. @returns the path of the step that follows */
export async function receiveCallback(event: H3Event): Promise<string> {
  const { container } = event.context
  const answer = parseCallback(getQuery(event))
  const browser = loginBrowser(event)
  const flow = browser === undefined ? null : await container.loginFlows.take(browser, answer.state)
  if (!browser || !flow) throw oidcError('auth.login_unknown')
  const provider = await providerOf(container)
  const code = codeOf(answer, provider.metadata)
  const moduleCookies = await exchangeCode(provider, { code, state: answer.state }, flow.moduleCookies)
  const handover = await container.loginFlows.handOver(browser, { ...flow, moduleCookies })
  return `/api/auth/oidc/complete?${new URLSearchParams({ handover })}`
}

/** Lets in, or links, whom the tokens stand for. @returns the path that the person wanted to go to */
export async function finishLogin(scope: PlatformScope, event: H3Event, handover: string): Promise<string> {
  const { container, caller } = event.context
  const browser = loginBrowser(event)
  const flow = browser === undefined ? null : await container.loginFlows.takeOver(browser, handover)
  if (!flow) throw oidcError('auth.login_unknown')
  const tokens = await takeTokens(flow.moduleCookies)
  if (flow.link) {
    const session = caller?.session ? { userId: caller.userId, sessionId: caller.session.id } : null
    await completeLink(scope, container, tokens, flow, session)
  } else issueSessionCookie(event, await completeLogin(scope, container, tokens, flow, originOf(event)))
  clearLoginBrowser(event)
  await container.attempts.takeBack(deviceOf(event).address ?? 'unknown', 'beginning')
  return flow.returnTo
}
