import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createTenant,
  createUser,
  openPortal,
  password,
  setUp,
  type BrowserPortal,
  type Visit,
} from './portal'

let portal: BrowserPortal
let boss: Visit

beforeAll(async () => {
  portal = await openPortal()
  boss = await setUp(portal)
  for (let number = 10; number < 38; number += 1)
    await boss.call('POST', '/api/tenants', { name: `Tenant ${number}`, slug: `tenant-${number}` })
  await createTenant(boss, 'Globex', 'globex')
})
afterAll(() => portal?.close())

const rowOf = (name: string) => boss.page.getByRole('row').filter({ hasText: name })

test('tenants are listed page by page', async () => {
  const { page } = boss
  await boss.open('/operator/tenants')
  const rows = page.getByRole('row').filter({ has: page.getByRole('link') })
  expect(await rows.count()).toBe(25)
  await page.getByRole('button', { name: 'Show more' }).click()
  await rows.nth(28).waitFor()
  expect(await rows.count()).toBe(29)
  expect(await page.getByRole('button', { name: 'Show more' }).count()).toBe(0)
})

test('a search is kept in the address, and comes back with it', async () => {
  const { page } = boss
  await boss.open('/operator/tenants')
  await page.getByRole('searchbox', { name: 'Search tenants' }).fill('glo')
  await page.waitForURL('**/operator/tenants?search=glo')
  await rowOf('Tenant 10').waitFor({ state: 'detached' })
  await rowOf('Globex').getByRole('link').click()
  await page.getByRole('heading', { name: 'Globex' }).waitFor()
  await page.goBack()
  await rowOf('Globex').waitFor()
  expect(await page.getByRole('searchbox').inputValue()).toBe('glo')
  expect(await rowOf('Tenant 10').count()).toBe(0)

  await boss.open('/operator/tenants?search=nothing')
  await page.getByText('No tenant found').waitFor()
})

test('a user is created who can sign in, and disabled who can not', async () => {
  const { page } = boss
  await boss.open('/operator/users')
  await page.getByRole('button', { name: 'New user' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill('Bob Builder')
  await dialog.getByLabel('E-mail address').fill('ada@example.org')
  await dialog.getByLabel('Password', { exact: true }).fill(password)
  await dialog.getByRole('button', { name: 'Create user' }).click()
  await dialog.getByText('Somebody has this e-mail address already.').waitFor()
  await dialog.getByLabel('E-mail address').fill('bob@example.org')
  await dialog.getByRole('button', { name: 'Create user' }).click()
  await rowOf('Bob Builder').waitFor()

  const bob = await portal.visit()
  await bob.signIn('bob@example.org')
  await bob.open('/')
  await bob.page.getByText('You are in no tenant yet').waitFor()
  expect(await bob.open('/operator/users')).toBe(403)

  await rowOf('Bob Builder').getByRole('button').click()
  await page.getByRole('menuitem', { name: 'Disable' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Disable user' }).click()
  await rowOf('Bob Builder').getByText('Disabled').waitFor()
  await bob.open('/')
  expect(new URL(bob.page.url()).pathname).toBe('/auth/disabled')

  await rowOf('Bob Builder').getByRole('button').click()
  await page.getByRole('menuitem', { name: 'Enable' }).click()
  await rowOf('Bob Builder').getByText('Disabled').waitFor({ state: 'detached' })
  await bob.signIn('bob@example.org')
})

test('somebody is made an operator, and sees what operators see on their next page', async () => {
  const { page } = boss
  await createUser(boss, 'Carol Danvers', 'carol@example.org')
  await boss.open('/operator/users?search=carol')
  await rowOf('Carol Danvers').getByRole('button').click()
  await page.getByRole('menuitem', { name: 'Make operator' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Make operator' }).click()
  await rowOf('Carol Danvers')
    .locator('td:visible', { hasText: /^Operator$/ })
    .waitFor()
  const carol = await portal.visit()
  await carol.signIn('carol@example.org')
  expect(await carol.open('/operator/tenants?search=glo')).toBe(200)
  await carol.page.getByRole('link', { name: 'Globex' }).waitFor()
})

test('a user is deleted', async () => {
  const { page } = boss
  await boss.open('/operator/users')
  await rowOf('Bob Builder').getByRole('button').click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete user' }).click()
  await rowOf('Bob Builder').waitFor({ state: 'detached' })
})

test('a tenant gets another name and plan; somebody else’s change in between is not lost', async () => {
  const { page } = boss
  await boss.open('/tenants/globex/settings')
  await boss.call('PATCH', '/api/tenants/globex', { name: 'Globex meanwhile' })
  await page.getByRole('textbox', { name: 'Name' }).fill('Globex Holding')
  await page.getByRole('button', { name: 'Save name' }).click()
  await page.getByText('Somebody else changed this meanwhile').waitFor()
  await page.getByRole('heading', { name: 'Globex meanwhile' }).waitFor()
  await page.getByRole('textbox', { name: 'Name' }).fill('Globex Holding')
  await page.getByRole('button', { name: 'Save name' }).click()
  await page.getByRole('heading', { name: 'Globex Holding' }).waitFor()

  await page.getByRole('radio', { name: 'Enterprise' }).click()
  await page.getByRole('button', { name: 'Save plan' }).click()
  await page.getByText('The plan is now Enterprise').first().waitFor()

  await page.getByLabel('Language of mails').selectOption({ label: 'German' })
  await page.getByRole('button', { name: 'Save language' }).click()
  await page.getByText('Mails are in German now').first().waitFor()
  expect(await boss.call('GET', '/api/tenants/globex')).toMatchObject({ locale: 'de' })
})

test('a tenant is deleted by typing its name, and restored', async () => {
  const { page } = boss
  await boss.open('/tenants/globex/settings')
  await page.getByRole('button', { name: 'Delete tenant…' }).click()
  const question = page.getByRole('alertdialog')
  expect(await question.getByRole('button', { name: 'Delete tenant' }).isDisabled()).toBe(true)
  await question.getByRole('textbox').fill('globex')
  await question.getByRole('button', { name: 'Delete tenant' }).click()
  await page.getByText('This tenant is going to be deleted').first().waitFor()
  await page.getByRole('button', { name: 'Restore' }).click()
  await page.getByText('This tenant is going to be deleted').first().waitFor({ state: 'detached' })
})

test('a tenant is suspended, resumed and archived, and says so on its pages', async () => {
  const { page } = boss
  await boss.open('/tenants/globex/settings')
  await page.getByRole('button', { name: 'Suspend…' }).click()
  const question = page.getByRole('alertdialog')
  await question.getByText('the space is disabled, and keeps its files').waitFor()
  await question.getByRole('button', { name: 'Suspend tenant' }).click()
  await page.getByText('This tenant is suspended.').waitFor()
  await page.getByRole('button', { name: 'Resume' }).click()
  await page.getByText('This tenant is suspended.').waitFor({ state: 'detached' })

  await page.getByRole('button', { name: 'Archive…' }).click()
  await question.getByRole('button', { name: 'Archive tenant' }).click()
  await page.getByText('This tenant is archived.').waitFor()
  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download the export' }).click()
  expect((await downloading).suggestedFilename()).toMatch(/^globex-\d{4}-\d{2}-\d{2}\.json$/)
  await page.getByRole('button', { name: 'Restore' }).click()
  await page.getByText('This tenant is archived.').waitFor({ state: 'detached' })
})

test('the portal gets another name, at once and everywhere', async () => {
  const { page } = boss
  await boss.open('/operator/settings')
  await page.getByLabel('Name of the portal').fill('Acme Cloud')
  await page.getByRole('button', { name: 'Save settings' }).click()
  await page.getByText('The settings are saved').first().waitFor()
  await page.waitForFunction(() => document.title === 'Settings · Acme Cloud')
  await boss.open('/operator/audit')
  expect(await page.title()).toBe('Audit · Acme Cloud')
  expect(await page.locator('main').getByRole('listitem').count()).toBe(25)
})

test('the console had nothing to complain of', () => {
  expect(boss.complaints).toEqual([])
})
