import { afterAll, beforeAll, expect, test } from 'vitest'
import { registerMachine } from './machines'
import { createTenant, createUser, openPortal, setUp, type BrowserPortal, type Visit } from './portal'
import { expectWellMade } from './well-made'

let portal: BrowserPortal
let owner: Visit

beforeAll(async () => {
  portal = await openPortal()
  owner = await setUp(portal)
  await createTenant(owner, 'Acme', 'acme')
  await createUser(owner, 'Carol Danvers', 'carol@example.org')
  await owner.call('POST', '/api/tenants/acme/members', { email: 'carol@example.org' })
  await createUser(owner, 'Olga Operator', 'olga@example.org')
})
afterAll(() => portal?.close())

async function letIn(handle: string) {
  const machine = await registerMachine(portal, handle)
  await owner.call('POST', `/api/claims/${machine.path.split('/').at(-1) ?? ''}/accept`, { tenant: 'acme' })
  return machine
}

test('without machines, the page says how to set one up', async () => {
  const { page } = owner
  await owner.context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await owner.open('/tenants/acme/machines')
  await page.getByText('No machine yet').waitFor()
  await page.getByText(`tenantry identity init --server ${portal.server.url}`).waitFor()
  await page.getByRole('button', { name: 'Copy the command' }).click()
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toBe(`tenantry identity init --server ${portal.server.url} --handle my-machine`)
  await expectWellMade(owner)
})

test('a machine is found, changed, asked for another key, and revoked', async () => {
  const { page } = owner
  const builder = await letIn('builder')
  await builder.call('GET', '/api/me')
  await owner.open('/tenants/acme/machines')
  await expectWellMade(owner)
  await page.getByRole('link', { name: 'builder' }).click()
  await page.getByRole('heading', { name: 'builder' }).waitFor()
  await page.getByText('Identity claimed', { exact: true }).waitFor()
  await expectWellMade(owner)

  await page.getByRole('button', { name: 'Change what it may do' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radio', { name: 'What is chosen here' }).check()
  await dialog.getByLabel('Write and delete values').check()
  await expectWellMade(owner)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Identity changed', { exact: true }).waitFor()
  expect((await builder.call('GET', '/api/me')).json?.scopes).toContain('secrets:write')

  await page.getByRole('button', { name: 'Ask for another key' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Ask for another key' }).click()
  await page.getByText('It was asked for another key, and has not taken one yet').waitFor()

  await page.getByRole('button', { name: 'Revoke…' }).click()
  const question = page.getByRole('alertdialog')
  expect(await question.getByRole('button', { name: 'Revoke machine' }).isDisabled()).toBe(true)
  await question.getByLabel('Type “builder” to confirm').fill('builder')
  await question.getByRole('button', { name: 'Revoke machine' }).click()
  await page.getByText('Identity revoked', { exact: true }).waitFor()
  expect((await builder.call('GET', '/api/me')).status).toBe(401)
  await page.getByText('Revoked', { exact: true }).first().waitFor()
  expect(await page.getByRole('button', { name: 'Revoke…' }).count()).toBe(0)

  await owner.open('/tenants/acme/machines?status=claimed')
  await page.getByText('No machine is in this state').waitFor()
  expect(owner.complaints).toEqual([])
})

test('a token is shown once, works, and is revoked', async () => {
  const { page } = owner
  await owner.open('/tenants/acme/machines')
  await page.getByRole('button', { name: 'New token' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Create token' }).click()
  await dialog.getByText('A name is needed.').waitFor()
  await expectWellMade(owner)
  await dialog.getByLabel('Name', { exact: true }).fill('Backups')
  await dialog.getByLabel('Name of the service').fill('backups')
  await dialog.getByRole('button', { name: 'Create token' }).click()
  await dialog.getByText('It is shown this once.').waitFor()
  const token = (await dialog.locator('code').textContent()) ?? ''
  await expectWellMade(owner)
  await dialog.getByRole('button', { name: 'Done' }).click()
  expect(await page.content()).not.toContain(token)

  const ask = () => fetch(`${portal.server.url}/api/me`, { headers: { authorization: `Bearer ${token}` } })
  expect((await ask()).status).toBe(200)
  await page.getByRole('button', { name: 'Revoke Backups' }).click()
  await page.getByRole('button', { name: 'Revoke token' }).click()
  await page.getByText('Backups was revoked').first().waitFor()
  expect((await ask()).status).toBe(401)

  await page.getByRole('button', { name: 'Remove backups' }).click()
  await page.getByRole('button', { name: 'Remove service' }).click()
  await page.getByText('The service backups was removed').first().waitFor()
  await page.getByRole('button', { name: 'Remove backups' }).waitFor({ state: 'detached' })
  expect(owner.complaints).toEqual([])
})

test('a member reads, and is offered nothing more', async () => {
  const carol = await portal.visit({ viewport: { width: 360, height: 800 } })
  await carol.signIn('carol@example.org')
  await carol.open('/tenants/acme/machines')
  await carol.page.getByRole('link', { name: 'builder' }).waitFor()
  await expectWellMade(carol)
  expect(await carol.page.getByRole('button', { name: /New token|Set up|Revoke/ }).count()).toBe(0)
  await carol.page.getByRole('link', { name: 'builder' }).click()
  await carol.page.getByRole('heading', { name: 'builder' }).waitFor()
  await expectWellMade(carol)
  expect(await carol.page.getByRole('heading', { name: 'Audit' }).count()).toBe(0)
  expect(carol.complaints).toEqual([])
})

test('whoever runs the platform sees machines, and lets none in', async () => {
  const { items } = (await owner.call('GET', '/api/users?search=olga')) as { items: { id: string }[] }
  await owner.call('PATCH', `/api/users/${items[0]?.id ?? ''}`, { platformRole: 'operator' })
  const olga = await portal.visit()
  await olga.signIn('olga@example.org')
  await olga.open('/tenants/acme/machines')
  await olga.page.getByRole('link', { name: 'builder' }).waitFor()
  expect(await olga.page.getByRole('button', { name: /New token|Set up/ }).count()).toBe(0)
  expect(olga.complaints).toEqual([])
})
