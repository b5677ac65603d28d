import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startIdentityProvider, type IdentityProvider } from '../harness/identity-provider'
import { faultsOn } from './axe'
import { live, openPortal, openReplicatedPortal, setUp, type BrowserPortal, type Visit } from './portal'

describe('oidc-only', () => {
  let idp: IdentityProvider
  let portal: Awaited<ReturnType<typeof openReplicatedPortal>>
  beforeAll(async () => {
    idp = await startIdentityProvider()
    const masterKey = Buffer.alloc(32, 7).toString('base64')
    portal = await openReplicatedPortal({
      env: { AUTH_MODE: 'oidc-only', MASTER_KEY: masterKey, ...idp.environment },
    })
    idp.register(portal.server.url)
  })
  afterAll(async () => {
    await portal?.close()
    await idp?.stop()
  })

  test('somebody comes in for the first time, goes out at the provider too, and is not sent back in', async () => {
    const visit = await portal.visit()
    const { page } = visit
    await visit.open('/account')
    expect(new URL(page.url()).pathname).toBe('/login')
    expect(await faultsOn(visit.page)).toEqual([])
    await page.getByRole('link', { name: /^Continue with/ }).click()
    await page.getByRole('button', { name: 'Ada Lovelace' }).click()
    await page.waitForURL(`${portal.server.url}/account`)
    await live(page)
    await page.getByRole('heading', { name: 'Sign-in methods' }).waitFor()
    await page.getByText('Your only way in').waitFor()
    expect(await page.getByRole('heading', { name: 'Password', exact: true }).count()).toBe(0)
    expect(await faultsOn(visit.page)).toEqual([])

    await page.getByRole('button', { name: /Ada Lovelace/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(`${portal.server.url}/login`)
    await page.getByRole('link', { name: /^Continue with/ }).waitFor()
    expect(visit.complaints).toEqual([])
  })

  test('what can’t be set here is shown, with the reason, and looks as if it could not', async () => {
    const { page, open, complaints } = await portal.visit()
    await open('/operator/settings')
    await page.getByRole('link', { name: /^Continue with/ }).click()
    await page.getByRole('button', { name: 'Olga Operator' }).click()
    await page.waitForURL(`${portal.server.url}/operator/settings`)
    await live(page)
    const name = page.getByLabel('Name of the portal')
    expect(await name.getAttribute('readonly')).not.toBeNull()
    await page.getByText('no settings are kept here').waitFor()
    await page.getByText('DRIFT_REPAIR in the environment').waitFor()
    expect(await page.locator('main').getByRole('button').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  test('a login that came to nothing has words, and a way to begin again', async () => {
    const visit = await portal.visit()
    await visit.page.goto('/auth/oidc/callback?code=x&state=x')
    await live(visit.page)
    await visit.page.getByRole('heading', { name: 'This sign-in is over' }).waitFor()
    expect(await faultsOn(visit.page)).toEqual([])
    await visit.page.getByRole('link', { name: 'Start again' }).click()
    await visit.page.getByRole('button', { name: 'Max Member' }).click()
    await visit.page.waitForURL(`${portal.server.url}/`)
    expect(visit.complaints).toEqual([])
  })

  test('what is served before a login says nothing of passwords and set-up', async () => {
    const html = await (await fetch(`${portal.server.url}/login`)).text()
    expect(html).not.toMatch(/href="\/(setup|auth\/(forgot|reset))/)
    expect(html).not.toContain('type="password"')
    const hinted = [...html.matchAll(/(?:href|src)="(\/_nuxt\/[^"]+\.js)"/g)].map(([, path]) => path)
    expect(hinted.length).toBeGreaterThan(0)
    for (const path of hinted) {
      const script = await (await fetch(portal.server.url + path)).text()
      expect([path, /current-password|Set up your portal/.test(script)]).toEqual([path, false])
    }
    for (const path of ['/setup', '/api/setup', '/api/auth/login'])
      expect([path, (await fetch(portal.server.url + path)).status]).toEqual([path, 404])
  })
})

describe('standalone', () => {
  let idp: IdentityProvider
  let portal: BrowserPortal
  let boss: Visit
  beforeAll(async () => {
    idp = await startIdentityProvider()
    portal = await openPortal()
    idp.register(portal.server.url)
    boss = await setUp(portal)
  })
  afterAll(async () => {
    await portal?.close()
    await idp?.stop()
  })

  test('an operator tests and saves a provider, and links their own identity there', async () => {
    const { page } = boss
    await boss.open('/operator/settings')
    await page.getByLabel('Issuer').fill(`${idp.issuer}/`)
    await page.getByRole('button', { name: 'Test the provider' }).click()
    await page.getByText('It names another issuer').waitFor()
    await page.getByLabel('Issuer').fill(idp.issuer)
    await page.getByRole('button', { name: 'Test the provider' }).click()
    await page.getByText('The provider is fine').waitFor()
    await page.getByLabel('Client ID').fill(idp.clientId)
    await page.getByLabel('Client secret').fill(idp.clientSecret)
    await page.getByRole('button', { name: 'Save provider' }).click()
    await page.getByText('The provider is saved').waitFor()
    expect(await faultsOn(boss.page)).toEqual([])

    await boss.open('/account')
    await page.getByRole('button', { name: 'Link a sign-in' }).click()
    await page.getByRole('button', { name: 'Olga Operator' }).click()
    await page.waitForURL(`${portal.server.url}/account`)
    await page.getByText('olga@example.org').waitFor()
    expect(boss.complaints).toEqual([])
  })

  test('others find the provider beside the password form', async () => {
    const visit = await portal.visit()
    await visit.open('/login')
    await visit.page.getByLabel('E-mail address').waitFor()
    expect(await faultsOn(visit.page)).toEqual([])
    await visit.page.getByRole('link', { name: /^Continue with/ }).click()
    await visit.page.getByRole('button', { name: 'Max Member' }).click()
    await visit.page.waitForURL(`${portal.server.url}/`)
    await live(visit.page)
    expect(visit.complaints).toEqual([])
  })
})
