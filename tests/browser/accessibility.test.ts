import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { faultsInThemes, faultsOn, wcag } from './axe'
import { openPortal, operator, type BrowserPortal, type Visit } from './portal'
import { furnishedPortal } from './pages'
import { expectAccessible } from './well-made'

let portal: BrowserPortal

beforeAll(async () => {
  ;({ portal } = await furnishedPortal())
})
afterAll(() => portal?.close())

test('what is wrong is found', async () => {
  const { page, open } = await portal.visit()
  await open('/login')
  await page.evaluate(() => document.body.append(document.createElement('img')))
  expect((await faultsOn(page, wcag)).map(({ id }) => id)).toEqual(['image-alt'])
})

test('what is wrong in the other theme alone is found', async () => {
  const { page, open } = await portal.visit()
  await open('/login')
  await page.evaluate(() => {
    const words = document.createElement('p')
    words.append('Grey on what is white by day')
    words.style.color = '#444'
    document.querySelector('main')?.append(words)
  })
  const found = await faultsInThemes(page)
  expect(found.map(({ colorScheme, id }) => [colorScheme, id])).toEqual([['dark', 'color-contrast']])
})

describe('what opens', () => {
  let boss: Visit
  beforeAll(async () => {
    boss = await portal.visit()
    await boss.signIn(operator.email)
  })

  test('the dialog of a new tenant, empty and with errors', async () => {
    await boss.open('/')
    await boss.page.getByRole('button', { name: 'New tenant' }).first().click()
    const dialog = boss.page.getByRole('dialog', { name: 'New tenant' })
    await dialog.waitFor()
    await expectAccessible(boss.page)
    await dialog.getByLabel('Name', { exact: true }).fill('Acme')
    await dialog.getByText('This is taken already.').waitFor()
    await expectAccessible(boss.page)
    await dialog.getByLabel('Short name').fill('free')
    await dialog.getByText('This short name is free.').waitFor()
    await expectAccessible(boss.page)
  })

  test('the dialogs of a new user and a new member', async () => {
    await boss.open('/operator/users')
    await boss.page.getByRole('button', { name: 'New user' }).click()
    await boss.page
      .getByRole('dialog', { name: 'New user' })
      .getByRole('button', { name: 'Create user' })
      .click()
    await boss.page.getByText('A name is needed.').waitFor()
    await expectAccessible(boss.page)
    await boss.open('/tenants/acme/members')
    await boss.page.getByRole('button', { name: 'Add member' }).click()
    await boss.page.getByRole('dialog', { name: 'Add a member' }).waitFor()
    await expectAccessible(boss.page)
  })

  test('a question before something is taken away', async () => {
    await boss.open('/tenants/acme/settings')
    await boss.page.getByRole('button', { name: 'Delete tenant…' }).click()
    await boss.page.getByRole('alertdialog').waitFor()
    await expectAccessible(boss.page)
  })

  test('the command palette', async () => {
    await boss.open('/')
    await boss.page.keyboard.press('Control+k')
    await boss.page.getByRole('option', { name: 'Account' }).waitFor()
    await expectAccessible(boss.page)
  })

  test.each(['Theme', /Account menu/])('the menu %s', async (name) => {
    await boss.open('/')
    await boss.page.getByRole('button', { name }).click()
    await boss.page.getByRole('menu').waitFor()
    await expectAccessible(boss.page)
  })

  test('the menu of a row, and a message of what happened', async () => {
    await boss.open('/operator/users?search=bob')
    await boss.page.getByRole('button', { name: 'Actions for Bob Builder' }).click()
    await boss.page.getByRole('menu').waitFor()
    await expectAccessible(boss.page)
    await boss.page.getByRole('menuitem', { name: 'Disable' }).click()
    await boss.page.getByRole('button', { name: 'Disable user' }).click()
    await boss.page.getByText('Bob Builder was changed').first().waitFor()
    await expectAccessible(boss.page)
  })

  test('the portal’s menu on a narrow screen', async () => {
    const narrow = await portal.visit({ viewport: { width: 360, height: 700 } })
    await narrow.signIn(operator.email)
    await narrow.open('/')
    await narrow.page.getByRole('button', { name: 'Open menu' }).click()
    await narrow.page.getByRole('dialog').getByRole('link', { name: 'Users' }).waitFor()
    await expectAccessible(narrow.page)
  })

  test('a failed sign-in', async () => {
    const nobody = await portal.visit()
    await nobody.open('/login')
    await nobody.page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await nobody.page.getByText('Enter your password.').waitFor()
    await expectAccessible(nobody.page)
    await nobody.page.getByLabel('E-mail address').fill('nobody@example.org')
    await nobody.page.getByLabel('Password', { exact: true }).fill('wrong')
    await nobody.page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await nobody.page.getByRole('alert').waitFor()
    await expectAccessible(nobody.page)
  })
})

test('the set-up wizard, each of its steps', async () => {
  const fresh = await openPortal()
  try {
    const visit = await fresh.visit()
    await visit.open('/setup')
    await visit.page.getByRole('button', { name: 'Continue' }).click()
    await visit.page.getByText('A name is needed.').waitFor()
    await expectAccessible(visit.page)
    await visit.page.getByLabel('Your name').fill('Ada')
    await visit.page.getByLabel('E-mail address').fill('ada@example.org')
    await visit.page.getByLabel('Password', { exact: true }).fill('correct horse battery staple')
    await visit.page.getByRole('button', { name: 'Continue' }).click()
    await visit.page.getByLabel('Name of the portal').waitFor()
    await expectAccessible(visit.page)
    await visit.page.getByRole('button', { name: 'Continue' }).click()
    await visit.page.getByLabel('Name of the first tenant').waitFor()
    await expectAccessible(visit.page)
    expect(visit.complaints).toEqual([])
  } finally {
    await fresh.close()
  }
})
