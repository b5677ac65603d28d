import { afterAll, beforeAll, expect, test } from 'vitest'
import { registerMachine } from './machines'
import { createTenant, createUser, openPortal, setUp, type BrowserPortal, type Visit } from './portal'
import { expectWellMade } from './well-made'

let portal: BrowserPortal
let owner: Visit
let carol: Visit

beforeAll(async () => {
  portal = await openPortal()
  owner = await setUp(portal)
  await createTenant(owner, 'Acme', 'acme')
  await createUser(owner, 'Carol Danvers', 'carol@example.org')
  await owner.call('POST', '/api/tenants/acme/members', { email: 'carol@example.org' })
  carol = await portal.visit({ viewport: { width: 360, height: 800 } })
  await carol.signIn('carol@example.org')
  await owner.context.grantPermissions(['clipboard-read', 'clipboard-write'])
})
afterAll(() => portal?.close())

const dialog = ({ page }: Visit) => page.getByRole('dialog')
const clipboard = ({ page }: Visit) => page.evaluate(() => navigator.clipboard.readText())

async function reveal(visit: Visit, how: 'Show' | 'Copy without showing'): Promise<void> {
  await visit.page.getByRole('button', { name: 'Show or copy' }).click()
  await dialog(visit).getByLabel('Why do you need it?').fill('The mail server asks for it')
  await dialog(visit).getByRole('button', { name: how, exact: true }).click()
}

test('the tab leads to the default vault, which is empty at first', async () => {
  const { page } = owner
  await owner.open('/tenants/acme')
  await page.getByRole('navigation', { name: 'Tenant' }).getByRole('link', { name: 'Vault' }).click()
  await page.getByText('Nothing in this vault yet').waitFor()
  expect(new URL(page.url()).pathname).toBe('/tenants/acme/vault/default')
  await owner.open('/tenants/acme/vault')
  await page.getByText('Nothing in this vault yet').waitFor()
  await expectWellMade(owner)
})

test('a secret of several lines is written, and listed without its value', async () => {
  const { page } = owner
  await page.getByRole('button', { name: 'New secret' }).click()
  await dialog(owner).getByRole('button', { name: 'Save secret' }).click()
  await dialog(owner).getByText('A value is needed.').waitFor()
  await expectWellMade(owner)
  await dialog(owner).getByLabel('Service', { exact: true }).fill('smtp')
  await dialog(owner).getByLabel('Name', { exact: true }).fill('password')
  await dialog(owner).getByLabel('Value', { exact: true }).fill('first line\nsecond  line')
  await dialog(owner).getByLabel('Note').fill('From the provider')
  await dialog(owner).getByRole('button', { name: 'Save secret' }).click()
  await page.getByRole('link', { name: 'password' }).waitFor()
  await dialog(owner).waitFor({ state: 'hidden' })
  expect(await page.content()).not.toContain('second  line')
  await expectWellMade(owner)

  await page.getByRole('button', { name: 'New secret' }).click()
  await dialog(owner).getByLabel('Service', { exact: true }).fill('smtp')
  await dialog(owner).getByLabel('Name', { exact: true }).fill('password')
  expect(await dialog(owner).getByLabel('Value', { exact: true }).inputValue()).toBe('')
  await dialog(owner).getByRole('button', { name: 'Generate a value' }).click()
  await dialog(owner).getByRole('button', { name: 'Save secret' }).click()
  await dialog(owner).getByText('There is one already. Open it to replace its value.').waitFor()
  await page.keyboard.press('Escape')
})

test('a value is shown for half a minute to whoever says why, and is copied without being shown', async () => {
  const { page } = owner
  await page.clock.install()
  await owner.open('/tenants/acme/vault/default/smtp/password')
  await page.getByRole('button', { name: 'Show or copy' }).click()
  await dialog(owner).getByRole('button', { name: 'Show', exact: true }).click()
  await expectWellMade(owner)
  expect(await dialog(owner).getByLabel('Value', { exact: true }).count()).toBe(0)
  await page.keyboard.press('Escape')
  await dialog(owner).waitFor({ state: 'hidden' })

  await reveal(owner, 'Show')
  const value = dialog(owner).getByLabel('Value', { exact: true })
  await value.waitFor()
  expect(await value.textContent()).toBe('first line\nsecond  line')
  await expectWellMade(owner)
  await page.clock.runFor(31_000)
  await value.waitFor({ state: 'hidden' })
  expect(await page.content()).not.toContain('second  line')

  await page.getByText('Secret revealed').first().waitFor()
  await page.getByText('Details of Secret revealed').first().click()
  await page.getByText('The mail server asks for it').first().waitFor()

  await reveal(owner, 'Copy without showing')
  await dialog(owner).getByText('The value was copied.').waitFor()
  expect(await page.content()).not.toContain('second  line')
  expect(await clipboard(owner)).toBe('first line\nsecond  line')
  await dialog(owner).getByRole('button', { name: 'Done' }).click()
})

test('a value is replaced, an older one restored, and all of it deleted', async () => {
  const { page } = owner
  await owner.open('/tenants/acme/vault/default/smtp/password')
  await page.getByRole('button', { name: 'Replace value' }).click()
  await dialog(owner).getByRole('button', { name: 'Generate a value' }).click()
  expect(await dialog(owner).getByLabel('Value', { exact: true }).inputValue()).toMatch(/^[A-Za-z0-9]{32}$/)
  await dialog(owner).getByRole('button', { name: 'Replace value' }).click()
  await page.getByText('Version 2').waitFor()
  await page.getByRole('button', { name: 'Restore version 1' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Restore version' }).click()
  await page.getByText('Version 3').waitFor()
  await expectWellMade(owner)
  await reveal(owner, 'Show')
  expect(await dialog(owner).getByLabel('Value', { exact: true }).textContent()).toBe(
    'first line\nsecond  line',
  )
  await dialog(owner).getByRole('button', { name: 'Done' }).click()

  await page.getByRole('button', { name: 'Delete…' }).click()
  await page.getByLabel('Type “smtp/password” to confirm').fill('smtp/password')
  await page.getByRole('button', { name: 'Delete secret' }).click()
  await page.getByText('Nothing in this vault yet').waitFor()
  expect(owner.complaints).toEqual([])
})

test('secrets stand by service, and are found by how they begin', async () => {
  const { page } = owner
  const { items } = (await owner.call('GET', '/api/tenants/acme/vaults')) as { items: { id: string }[] }
  for (const path of ['smtp/password', 'smtp/user', 'backup/key.2026'])
    await owner.call('PUT', `/api/vaults/${items[0]?.id ?? ''}/entries/${path}`, { value: 'something' })
  await owner.open('/tenants/acme/vault/default')
  await page.getByRole('link', { name: 'key.2026' }).waitFor()
  expect(
    await page
      .getByRole('main')
      .locator('summary')
      .filter({ hasText: /^(backup|smtp)/ })
      .count(),
  ).toBe(2)
  await page.getByRole('searchbox', { name: 'Start of service/name' }).fill('smtp/u')
  await page.getByRole('link', { name: 'key.2026' }).waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'user', exact: true }).waitFor()
  await page.getByRole('searchbox', { name: 'Start of service/name' }).fill('no such: thing')
  await page.getByText('Nothing begins like this').waitFor()
  await owner.open('/tenants/acme/vault/default')
  await page.getByRole('button', { name: 'Check that everything opens' }).click()
  await page.getByText('Everything opens').first().waitFor()
  await page.getByText('Vault checked', { exact: true }).waitFor()
})

test('a vault is closed to a member until it is opened to them', async () => {
  await carol.open('/tenants/acme/vault')
  await carol.page.getByText('This vault is not open to you').waitFor()
  await expectWellMade(carol)
  expect(await carol.page.getByRole('button', { name: /New secret|New vault|Open to/ }).count()).toBe(0)

  const { page } = owner
  await owner.open('/tenants/acme/vault/default')
  await page.getByRole('button', { name: 'Open to a member' }).click()
  await dialog(owner).getByRole('searchbox', { name: 'Search members' }).fill('carol')
  await expectWellMade(owner)
  await dialog(owner).getByRole('button', { name: 'Open to Carol Danvers' }).click()
  await page.getByText('Vault opened to member', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Close to Carol Danvers' }).waitFor()

  await carol.open('/tenants/acme/vault')
  await carol.page.getByRole('link', { name: 'key.2026' }).click()
  await expectWellMade(carol)
  await reveal(carol, 'Show')
  expect(await dialog(carol).getByLabel('Value', { exact: true }).textContent()).toBe('something')
  await expectWellMade(carol)

  await page.getByRole('button', { name: 'Close to Carol Danvers' }).click()
  await page.getByRole('button', { name: 'Close vault' }).click()
  await page.getByText('Vault closed to member', { exact: true }).waitFor()
  expect(await carol.open('/tenants/acme/vault/default/backup/key.2026')).toBe(403)
})

test('what a machine has borrowed is seen, and taken back', async () => {
  const { page } = owner
  const machine = await registerMachine(portal, 'mailer')
  await owner.call('POST', `/api/claims/${machine.path.split('/').at(-1) ?? ''}/accept`, { tenant: 'acme' })
  const { items } = (await owner.call('GET', '/api/tenants/acme/vaults')) as { items: { id: string }[] }
  const wanted = { kind: 'secret', service: 'smtp', name: 'password', ttlSeconds: 600, purpose: 'Sends mail' }
  const { json } = await machine.call('POST', `/api/vaults/${items[0]?.id ?? ''}/leases`, wanted)
  const value = () => machine.call('GET', `/api/leases/${String(json?.id)}/value`)
  expect((await value()).status).toBe(200)

  await owner.open('/tenants/acme/vault/default')
  await page.getByText('mailer: Sends mail').waitFor()
  await expectWellMade(owner)
  await page.getByRole('button', { name: 'Revoke the lease of mailer' }).click()
  await page.getByRole('button', { name: 'Revoke lease' }).click()
  await page.getByRole('button', { name: 'Revoke the lease of mailer' }).waitFor({ state: 'detached' })
  expect((await value()).status).toBe(403)
})

test('another vault is made, and removed while it is empty', async () => {
  const { page } = owner
  await owner.open('/tenants/acme/vault/default')
  await page.getByRole('button', { name: 'New vault' }).click()
  await dialog(owner).getByLabel('Name').fill('integrations')
  await dialog(owner).getByRole('button', { name: 'Create vault' }).click()
  await dialog(owner).getByText('This handle is kept for Tenantry’s own use.'.replace('’', "'")).waitFor()
  await dialog(owner).getByLabel('Name').fill('spare')
  await dialog(owner).getByRole('button', { name: 'Create vault' }).click()
  await page.waitForURL('**/vault/spare')
  await page.getByText('Nothing in this vault yet').waitFor()
  await page.getByLabel('Vault', { exact: true }).selectOption('default')
  await page.getByRole('link', { name: 'key.2026' }).waitFor()
  await page.getByLabel('Vault', { exact: true }).selectOption('spare')
  await page.getByRole('button', { name: 'Remove vault…' }).click()
  await page.getByLabel('Type “spare” to confirm').fill('spare')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove vault' }).click()
  await page.waitForURL('**/vault/default')
  await page.getByRole('link', { name: 'key.2026' }).waitFor()
  expect(await owner.open('/tenants/acme/vault/spare')).toBe(200)
  await page.getByText('There is no such vault').waitFor()
  expect(owner.complaints).toEqual([])
})
