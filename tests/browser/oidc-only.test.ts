import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPortal, type BrowserPortal } from './portal'

let portal: BrowserPortal

beforeAll(async () => {
  portal = await openPortal({
    env: {
      AUTH_MODE: 'oidc-only',
      OIDC_ISSUER: 'https://id.example.org/',
      OIDC_CLIENT_ID: 'tenantry',
      OIDC_CLIENT_SECRET: 'a secret that nobody is told',
      MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    },
  })
})
afterAll(() => portal?.close())

test('there is no set-up wizard', async () => {
  const visit = await portal.visit()
  expect(await visit.open('/setup')).toBe(404)
  await visit.page.getByText('There is nothing here').waitFor()
})

test('the sign-in page asks for no password, and links to none', async () => {
  const visit = await portal.visit()
  expect(await visit.open('/account')).toBe(200)
  expect(new URL(visit.page.url()).pathname).toBe('/login')
  await visit.page.getByText('identity provider').waitFor()
  expect(await visit.page.locator('input, form').count()).toBe(0)
  expect(await visit.page.locator('main a').count()).toBe(1)
  expect(await visit.page.content()).not.toContain('a secret that nobody is told')
  expect(visit.complaints).toEqual([])
})
