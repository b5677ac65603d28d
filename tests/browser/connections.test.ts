import { afterAll, beforeAll, expect, test } from 'vitest'
import { startAuthentikFake, type AuthentikFake } from '#server/integrations/authentik/fake'
import { createTenant, openPortal, setUp, type BrowserPortal, type Visit } from './portal'
import { expectWellMade } from './well-made'

let portal: BrowserPortal
let own: AuthentikFake
let owner: Visit

beforeAll(async () => {
  own = await startAuthentikFake()
  portal = await openPortal({ env: { INTEGRATIONS_ALLOW_PRIVATE: 'on' } })
  owner = await setUp(portal)
  await createTenant(owner, 'Acme', 'acme')
})
afterAll(async () => {
  await portal?.close()
  await own?.stop()
})

test('a tenant uses an own service, tests it, and goes back to the platform’s', async () => {
  const { page } = owner
  await owner.open('/tenants/acme/connections')
  await page.getByText('The platform’s', { exact: true }).first().waitFor()
  await expectWellMade(owner)

  await page.getByRole('button', { name: 'Use an own Authentik' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Save connection' }).click()
  await dialog.getByText('It is needed, also for another address.').waitFor()
  await expectWellMade(owner)
  await dialog.getByLabel('Address').fill(own.url)
  await dialog.getByLabel('API token').fill('not-the-token')
  await dialog.getByRole('button', { name: 'Save connection' }).click()
  await page.getByText('The tenant’s own', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Test Authentik' }).click()
  await page.getByText('It can’t be used').waitFor()
  await expectWellMade(owner)

  await page.getByRole('button', { name: 'Change Authentik' }).click()
  expect(await dialog.getByLabel('API token').inputValue()).toBe('')
  await dialog.getByLabel('API token').fill(own.token)
  await dialog.getByRole('button', { name: 'Save connection' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Test Authentik' }).click()
  await page.getByText(/^It answered in \d+ ms$/).waitFor()
  expect(await page.content()).not.toContain(own.token)

  await page.getByRole('button', { name: 'Remove Authentik' }).click()
  await page.getByLabel('Type “acme” to confirm').fill('acme')
  await page.getByRole('button', { name: 'Remove connection' }).click()
  await page.getByRole('button', { name: 'Use an own Authentik' }).waitFor()
  expect(owner.complaints).toEqual([])
})
