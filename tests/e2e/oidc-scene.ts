import { WebBrowser } from '../harness/web-browser'

/** Asks a portal for JSON with a browser's cookies. */
export async function ask(browser: WebBrowser, portal: string, path: string, init: RequestInit = {}) {
  const answer = await fetch(portal + path, {
    ...init,
    redirect: 'manual',
    headers: { cookie: browser.cookiesFor(portal), origin: portal, ...init.headers },
  })
  const text = await answer.text()
  const isJson = /json/.test(answer.headers.get('content-type') ?? '') && text !== ''
  return { status: answer.status, headers: answer.headers, text, json: isJson ? JSON.parse(text) : undefined }
}

/** The e-mail address of whoever is signed in; undefined for nobody. */
export async function whoIs(browser: WebBrowser, portal: string): Promise<string | undefined> {
  const { status, json } = await ask(browser, portal, '/api/auth/session')
  return status === 200 ? json.user.email : undefined
}

/** Goes through the whole login as one of the provider's people. */
export async function signIn(
  portal: string,
  login: string,
  browser = new WebBrowser(),
  returnTo = '/account',
) {
  await browser.open(`${portal}/api/auth/oidc/start?${new URLSearchParams({ returnTo })}`)
  await browser.signInAs(login)
  return browser
}

/** Goes as far as the address to which the provider sends the person back, and not there. */
export async function untilCallback(portal: string, login: string, browser = new WebBrowser()) {
  const isCallback = (url: URL) => url.pathname === '/auth/oidc/callback'
  await browser.open(`${portal}/api/auth/oidc/start?returnTo=/account`, isCallback)
  if (!isCallback(new URL(browser.url))) await browser.signInAs(login, isCallback)
  return { browser, callback: browser.url }
}

/** The code of the page that says why a login came to nothing; null for another page. */
export const failureOf = ({ url }: WebBrowser) =>
  new URL(url).pathname === '/auth/failed' ? new URL(url).searchParams.get('code') : null
