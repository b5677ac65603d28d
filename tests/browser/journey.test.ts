import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPortal, password, type BrowserPortal, type Visit } from './portal'

let portal: BrowserPortal
let visit: Visit
const step = (key: string) => visit.page.locator(`[data-step="${key}"]`)

beforeAll(async () => {
  portal = await openPortal()
  visit = await portal.visit({ permissions: ['clipboard-read', 'clipboard-write'] })
})
afterAll(() => portal?.close())

test('somebody sets the portal up, and is signed in as its operator', async () => {
  const { page } = visit
  await visit.open('/tenants/anything')
  expect(new URL(page.url()).pathname).toBe('/setup')
  await page.getByLabel('Your name').fill('Ada Lovelace')
  await page.getByLabel('E-mail address').fill('ada@example.org')
  await page.getByLabel('Password', { exact: true }).fill('passwordpassword')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByLabel('Name of the portal').fill('Acme Workspace')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('button', { name: 'Finish without a tenant' }).click()

  // The server refuses the weak password: the wizard goes back to its field.
  await page.locator('input[name=password][aria-invalid=true]').waitFor()
  await page.waitForFunction(() => document.activeElement?.getAttribute('name') === 'password')
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('button', { name: 'Finish without a tenant' }).click()

  await page.getByRole('heading', { name: 'Hello, Ada Lovelace' }).waitFor()
  expect(await page.title()).toBe('Home · Acme Workspace')
  await page.getByText('No tenant of yours yet').waitFor()
})

test('they create a tenant, and see its steps change while they watch', async () => {
  const { page } = visit
  portal.gate.close()
  await page.getByRole('button', { name: 'New tenant' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill('Größe & Söhne')
  expect(await dialog.getByLabel('Short name').inputValue()).toBe('grosse-sohne')
  await dialog.getByText('This short name is free.').waitFor()
  await dialog.getByLabel('Short name').fill('admin')
  await dialog.getByLabel('Short name').blur()
  await dialog.getByText('This word is reserved.').waitFor()
  await dialog.getByLabel('Short name').fill('globex')
  await dialog.getByRole('radio', { name: 'Pro' }).click()
  await dialog.getByRole('button', { name: 'Create tenant' }).click()

  await page.getByRole('heading', { name: 'Größe & Söhne' }).waitFor()
  expect(new URL(page.url()).pathname).toBe('/tenants/globex')
  await page.locator('[data-connection=live]').waitFor()
  await step('authentik/group').getByText('Working').waitFor()
  await page.locator('main').getByText('Being set up').waitFor()
  for (const key of ['stalwart/domains', 'stalwart/accounts', 'ocis/space']) {
    await step(key).getByText('Skipped').waitFor()
    await step(key).getByText('not configured').waitFor()
  }
  await step('mail/onboarding').getByText('Waits for').waitFor()

  const loaded = await page.evaluate(() => performance.timeOrigin)
  portal.gate.open()
  await step('authentik/group').getByText('Done').waitFor()
  await page.locator('main').getByText('Active', { exact: true }).waitFor()
  expect(await page.evaluate(() => performance.timeOrigin)).toBe(loaded)
  expect(portal.authentik.groups()).toHaveLength(1)
})

test('a step that fails says why and when it is tried again; reconciling puts it right', async () => {
  const { page } = visit
  await page.getByRole('link', { name: 'Provisioning' }).click()
  portal.authentik.faults.add({ kind: 'answer', status: 503, body: 'no', times: 'always' })
  await page.getByRole('button', { name: 'Reconcile' }).click()
  await step('authentik/group').getByText('Failed').waitFor()
  await step('authentik/group').getByText('Next attempt').waitFor()

  portal.authentik.faults.clear()
  await page.getByRole('button', { name: 'Reconcile' }).click()
  await step('authentik/group').getByText('Done').waitFor()
  await page.getByText('Somebody asked for it').first().waitFor()

  await step('authentik/group').getByRole('button', { name: 'Copy id at the service' }).click()
  await step('authentik/group').getByText('Copied').waitFor()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(portal.authentik.groups()[0]?.pk)
})

test('the stream goes on where a restart of the server cut it', async () => {
  const { page } = visit
  await page.getByRole('link', { name: 'Overview' }).click()
  await page.locator('[data-connection=live]').waitFor()
  await portal.server.kill()
  await page.locator('[data-connection=interrupted]').waitFor()
  await portal.server.restart()
  await page.locator('[data-connection=live]').waitFor()

  portal.gate.close()
  await visit.call('POST', '/api/tenants/globex/reconcile', {})
  await step('authentik/group').getByText('Working').waitFor()
  portal.gate.open()
  await step('authentik/group').getByText('Done').waitFor()
})

test('what was done is in the audit', async () => {
  const { page } = visit
  await page.getByRole('navigation', { name: 'Tenant' }).getByRole('link', { name: 'Audit' }).click()
  const created = page.locator('main').getByRole('listitem').filter({ hasText: 'Tenant created' })
  await created.locator('summary').click()
  await created.getByRole('definition').filter({ hasText: 'Größe & Söhne' }).waitFor()
})

test('the console had nothing to complain of', () => {
  expect(visit.complaints).toEqual([])
})
