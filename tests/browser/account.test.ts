import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPortal, operator, password, setUp, type BrowserPortal, type Visit } from './portal'

const newPassword = 'another violet zebra umbrella'
let portal: BrowserPortal
let here: Visit

beforeAll(async () => {
  portal = await openPortal()
  here = await setUp(portal, { locale: 'en-US' })
})
afterAll(() => portal?.close())

const section = (name: string) => here.page.getByRole('region', { name })

test('a person changes their name, and how dates are written', async () => {
  const { page } = here
  await here.open('/account')
  await section('Profile').getByLabel('Name').fill('Ada King')
  await section('Profile').getByLabel('Language of dates, times and mails').selectOption({ label: 'German' })
  await section('Profile').getByRole('button', { name: 'Save profile' }).click()
  await page.getByText('Your profile is saved').first().waitFor()
  await section('Sessions')
    .getByText(/\d\d\.\d\d\.\d{4}/)
    .first()
    .waitFor()

  await here.open('/account')
  await section('Sessions')
    .getByText(/\d\d\.\d\d\.\d{4}/)
    .first()
    .waitFor()
  expect(await section('Profile').getByLabel('Name').inputValue()).toBe('Ada King')
  await page.getByRole('link', { name: 'Home' }).click()
  await page.getByRole('heading', { name: 'Hello, Ada King' }).waitFor()
})

test('another browser’s session is listed, and ended by a click', async () => {
  const there = await portal.visit()
  await there.signIn(operator.email)
  expect(await there.open('/')).toBe(200)

  await here.open('/account')
  const items = section('Sessions').getByRole('listitem')
  expect(await items.count()).toBe(2)
  await items.filter({ hasText: 'This browser' }).waitFor()
  await items.getByRole('button', { name: /End the session/ }).click()
  await items.nth(1).waitFor({ state: 'detached' })

  await there.page.getByRole('link', { name: 'Users' }).click()
  await there.page.waitForURL((url) => url.pathname === '/auth/expired')
  await there.page.getByRole('heading', { name: 'Your session has ended' }).waitFor()
  expect(await there.page.content()).not.toContain('Ada King')
})

test('all others are ended at once', async () => {
  const others = [await portal.visit(), await portal.visit()]
  for (const other of others) await other.signIn(operator.email)
  await here.open('/account')
  await section('Sessions').getByRole('button', { name: 'End all others' }).click()
  await here.page.getByRole('alertdialog').getByRole('button', { name: 'End them' }).click()
  await section('Sessions').getByRole('listitem').nth(1).waitFor({ state: 'detached' })
  for (const other of others) {
    await other.open('/')
    expect(new URL(other.page.url()).pathname).toBe('/auth/expired')
  }
  expect(await here.open('/')).toBe(200)
})

test('the password is changed, knowing the old one', async () => {
  const { page } = here
  await here.open('/account')
  const change = section('Password')
  await change.getByLabel('Current password').fill('not my password')
  await change.getByLabel('New password').fill(newPassword)
  await change.getByRole('button', { name: 'Change password' }).click()
  await change.locator('input[name=currentPassword][aria-invalid=true]').waitFor()

  await change.getByLabel('Current password').fill(password)
  await change.getByLabel('New password').fill('passwordpassword')
  await change.getByRole('button', { name: 'Change password' }).click()
  await change.locator('input[name=newPassword][aria-invalid=true]').waitFor()

  await change.getByLabel('New password').fill(newPassword)
  await change.getByRole('button', { name: 'Change password' }).click()
  await page.getByText('Your password is changed').first().waitFor()
  expect(await change.getByLabel('New password').inputValue()).toBe('')

  const fresh = await portal.visit()
  await fresh.open('/login')
  await fresh.page.getByLabel('E-mail address').fill(operator.email)
  await fresh.page.getByLabel('Password', { exact: true }).fill(password)
  await fresh.page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await fresh.page.getByText('The e-mail address or the password is wrong.').waitFor()
  await fresh.page.getByLabel('Password', { exact: true }).fill(newPassword)
  await fresh.page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await fresh.page.getByRole('heading', { name: 'Hello, Ada King' }).waitFor()
})

test('the console had nothing to complain of', () => {
  expect(here.complaints).toEqual([])
})
