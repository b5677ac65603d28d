import { afterAll, beforeAll, expect, test } from 'vitest'
import { startIdentityProvider, type IdentityProvider } from '../harness/identity-provider'
import { registerMachine } from './machines'
import { live, openPortal, settled, type BrowserPortal } from './portal'

let idp: IdentityProvider
let portal: BrowserPortal

beforeAll(async () => {
  idp = await startIdentityProvider()
  const masterKey = Buffer.alloc(32, 7).toString('base64')
  portal = await openPortal({ env: { AUTH_MODE: 'oidc-only', MASTER_KEY: masterKey, ...idp.environment } })
  idp.register(portal.server.url)
})
afterAll(async () => {
  await portal?.close()
  await idp?.stop()
})

test('where the identity provider alone signs people in, the way there leads back to the claim', async () => {
  const visit = await portal.visit()
  const { page } = visit
  const builder = await registerMachine(portal, 'builder')
  const signIn = async (path: string) => {
    await visit.open(path)
    await page.getByRole('link', { name: /^Continue with/ }).click()
    await page.getByRole('button', { name: 'Olga Operator' }).click()
    await page.waitForURL(`${portal.server.url}${path}`)
    await live(page)
  }
  await signIn(builder.path)
  await page.getByText('You can’t let it in').waitFor()

  await visit.call('POST', '/api/tenants', { name: 'Acme', slug: 'acme' })
  await settled(visit, 'acme')
  await visit.open(builder.path)
  await page.getByRole('button', { name: 'Let it in' }).click()
  await page.getByRole('heading', { name: 'builder is let in' }).waitFor()
  await page.getByRole('link', { name: 'Look at the machine' }).click()
  await page.getByText('Identity claimed', { exact: true }).waitFor()

  await visit.open('/tenants/acme/vault')
  await page.getByText('Nothing in this vault yet').waitFor()
  expect((await builder.call('GET', '/api/me')).status).toBe(200)
  expect(visit.complaints).toEqual([])
})
