import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTenant, createUser, openPortal, setUp, type BrowserPortal, type Visit } from './portal'

let portal: BrowserPortal
let owner: Visit

beforeAll(async () => {
  portal = await openPortal()
  owner = await setUp(portal)
  await createTenant(owner, 'Acme', 'acme')
  await createUser(owner, 'Bob Builder', 'bob@example.org')
  await createUser(owner, 'Carol Danvers', 'carol@example.org')
})
afterAll(() => portal?.close())

const rowOf = (visit: Visit, name: string) => visit.page.getByRole('row').filter({ hasText: name })

const shown = (visit: Visit, name: string, role: string) =>
  rowOf(visit, name).getByText(role, { exact: true }).filter({ visible: true })

async function choose(visit: Visit, name: string, action: string): Promise<void> {
  await rowOf(visit, name)
    .getByRole('button', { name: `Actions for ${name}` })
    .click()
  await visit.page.getByRole('menuitem', { name: action }).click()
}

test('an owner adds people who have a user; the form says what is wrong with others', async () => {
  const { page } = owner
  await owner.open('/tenants/acme/members')
  const dialog = page.getByRole('dialog')
  await page.getByRole('button', { name: 'Add member' }).click()
  await dialog.getByLabel('E-mail address').fill('nobody@example.org')
  await dialog.getByRole('button', { name: 'Add member' }).click()
  await dialog
    .getByText('Nobody has a user here with this e-mail address, known to be theirs. Invite them by it.')
    .waitFor()

  await dialog.getByLabel('E-mail address').fill('bob@example.org')
  await dialog.getByRole('radio', { name: 'Admin' }).click()
  await dialog.getByRole('button', { name: 'Add member' }).click()
  await shown(owner, 'Bob Builder', 'Admin').waitFor()

  await page.getByRole('button', { name: 'Add member' }).click()
  await dialog.getByLabel('E-mail address').fill('bob@example.org')
  await dialog.getByRole('button', { name: 'Add member' }).click()
  await dialog.getByText('This person is a member already.').waitFor()
  await page.keyboard.press('Escape')
})

test('an admin manages members, and is not offered to touch owners', async () => {
  const bob = await portal.visit()
  await bob.signIn('bob@example.org')
  await bob.open('/')
  await bob.page.getByRole('link', { name: 'Acme', exact: true }).click()
  await bob.page.getByRole('link', { name: 'Members' }).click()
  await rowOf(bob, 'Ada Lovelace').waitFor()
  expect(await rowOf(bob, 'Ada Lovelace').getByRole('button').count()).toBe(0)
  await bob.call('POST', '/api/tenants/acme/members', { email: 'carol@example.org' })
  await bob.open('/tenants/acme/members')
  await rowOf(bob, 'Carol').getByRole('button').click()
  await bob.page.getByRole('menuitem', { name: 'Make admin' }).waitFor()
  expect(await bob.page.getByRole('menuitem', { name: 'Make owner' }).count()).toBe(0)
  expect(bob.complaints).toEqual([])
})

test('a member reads, and is offered nothing more', async () => {
  const carol = await portal.visit()
  await carol.signIn('carol@example.org')
  await carol.open('/tenants/acme/members')
  await rowOf(carol, 'Bob Builder').waitFor()
  expect(await carol.page.getByRole('button', { name: /Actions for|Add member/ }).count()).toBe(0)
  const tabs = await carol.page
    .getByRole('navigation', { name: 'Tenant' })
    .getByRole('link')
    .allTextContents()
  expect(tabs.map((text) => text.trim())).toEqual([
    'Overview',
    'Members',
    'Domains',
    'Provisioning',
    'Drift',
    'Machines',
    'Vault',
  ])
  expect(await carol.open('/tenants/acme/audit')).toBe(403)
  expect(await carol.open('/tenants/acme/settings')).toBe(403)
  expect(carol.complaints).toEqual([])
})

test('roles change, and the last owner stays', async () => {
  await owner.open('/tenants/acme/members')
  await choose(owner, 'Carol Danvers', 'Make owner')
  await shown(owner, 'Carol Danvers', 'Owner').waitFor()
  await choose(owner, 'Carol Danvers', 'Make member')
  await shown(owner, 'Carol Danvers', 'Member').waitFor()
  await choose(owner, 'Ada Lovelace', 'Make admin')
  await owner.page.getByText('A tenant needs an owner.').first().waitFor()
  await shown(owner, 'Ada Lovelace', 'Owner').waitFor()
})

test('somebody who is removed loses the tenant at once', async () => {
  const bob = await portal.visit()
  await bob.signIn('bob@example.org')
  expect(await bob.open('/tenants/acme')).toBe(200)

  await choose(owner, 'Bob Builder', 'Remove')
  const question = owner.page.getByRole('alertdialog')
  await question.getByRole('button', { name: 'Cancel' }).click()
  await question.waitFor({ state: 'hidden' })
  expect(await rowOf(owner, 'Bob Builder').count()).toBe(1)
  await choose(owner, 'Bob Builder', 'Remove')
  await question.getByRole('button', { name: 'Remove member' }).click()
  await rowOf(owner, 'Bob Builder').waitFor({ state: 'detached' })

  await bob.page.getByRole('link', { name: 'Members' }).click()
  await bob.page.getByRole('heading', { name: 'There is nothing here' }).waitFor()
  expect(await bob.open('/tenants/acme')).toBe(404)
})

test('members are found by the start of name or e-mail address', async () => {
  await owner.open('/tenants/acme/members')
  await owner.page.getByRole('searchbox', { name: 'Search members' }).fill('carol@')
  await rowOf(owner, 'Ada Lovelace').waitFor({ state: 'detached' })
  await rowOf(owner, 'Carol Danvers').waitFor()
  await owner.page.getByRole('searchbox', { name: 'Search members' }).fill('zzz')
  await owner.page.getByText('Nobody found').waitFor()
  expect(owner.complaints).toEqual([])
})
