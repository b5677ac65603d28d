import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPortal, operator, password, type BrowserPortal, type Visit } from './portal'

let portal: BrowserPortal
let visit: Visit

beforeAll(async () => {
  portal = await openPortal()
  visit = await portal.visit()
})
afterAll(() => portal?.close())

const press = (key: string) => visit.page.keyboard.press(key)
const type = (text: string) => visit.page.keyboard.type(text)
const hasFocus = (target: Locator) => target.evaluate((element) => element === document.activeElement)

/** Presses Tab until the focus is there, as somebody without a mouse does. */
async function tabTo(target: Locator, key = 'Tab'): Promise<void> {
  await target.waitFor()
  for (let presses = 0; presses < 40; presses += 1) {
    if (await hasFocus(target)) return
    await press(key)
  }
  throw new Error(`${String(target)} was not reached by ${key}`)
}

test('the portal is set up', async () => {
  const { page } = visit
  await visit.open('/')
  await press('Tab')
  expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe('Skip to content')

  await tabTo(page.getByLabel('Your name'))
  await type(operator.name)
  await press('Tab')
  await type(operator.email)
  await press('Tab')
  await type(password)
  await press('Enter')
  await tabTo(page.getByLabel('Name of the portal'))
  await press('Control+a')
  await type('Acme Workspace')
  await press('Enter')
  await tabTo(page.getByLabel('Name of the first tenant'))
  await type('Acme')
  await press('Enter')
  await page.getByRole('heading', { name: 'Acme', exact: true }).waitFor()
})

test('somebody signs out and in again, and comes back to where they were', async () => {
  const { page } = visit
  await tabTo(page.getByRole('button', { name: /Account menu/ }))
  await press('Enter')
  await page.getByRole('menuitem', { name: 'Account' }).waitFor()
  await press('End')
  await press('Enter')
  await page.waitForURL('**/login')

  await visit.open('/tenants/acme/members')
  expect(new URL(page.url()).searchParams.get('returnTo')).toBe('/tenants/acme/members')
  await tabTo(page.getByLabel('E-mail address'))
  await type(operator.email)
  await press('Tab')
  await type('wrong')
  await press('Enter')
  await page.getByRole('alert').getByText('The e-mail address or the password is wrong.').waitFor()
  await tabTo(page.getByLabel('Password', { exact: true }), 'Shift+Tab')
  await press('Control+a')
  await type(password)
  await press('Enter')
  await page.waitForURL((url) => url.pathname === '/tenants/acme/members')
  await page.getByRole('row').filter({ hasText: operator.email }).waitFor()
})

test('a tenant is created; a dialog takes the focus and gives it back', async () => {
  const { page } = visit
  await visit.open('/operator/tenants')
  const opener = page.getByRole('button', { name: 'New tenant' })
  await tabTo(opener)
  await press('Enter')
  const dialog = page.getByRole('dialog')
  await page.waitForFunction(() => document.activeElement?.closest('[role=dialog]'))
  await press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  expect(await hasFocus(opener)).toBe(true)

  await press('Enter')
  await tabTo(dialog.getByLabel('Name', { exact: true }))
  // An empty form: the focus goes to the first field at fault, which is bound to its error.
  await press('Enter')
  const name = dialog.getByLabel('Name', { exact: true })
  await dialog.getByText('A name is needed.').waitFor()
  expect(await hasFocus(name)).toBe(true)
  const described = await name.getAttribute('aria-describedby')
  const words = await Promise.all(
    (described ?? '').split(' ').map((id) => page.locator(`[id="${id}"]`).allTextContents()),
  )
  expect(words.flat().join(' ')).toContain('A name is needed.')

  await type('Globex')
  await tabTo(dialog.getByRole('radio', { name: 'MVP' }))
  // Held as long as a finger does: the choice follows the focus only while the key is down.
  await page.keyboard.press('ArrowRight', { delay: 50 })
  await tabTo(dialog.getByRole('button', { name: 'Create tenant' }))
  await press('Enter')
  await page.getByRole('heading', { name: 'Globex' }).waitFor()
  await page.locator('dd', { hasText: 'Pro' }).waitFor()
  // The dialog's opener is gone with its page: the focus is not lost.
  await page.waitForFunction(() => document.activeElement?.id === 'main')
})

test('the command palette goes anywhere', async () => {
  const { page } = visit
  await press('Control+k')
  await page.getByPlaceholder('Go to…').waitFor()
  await type('acm')
  await page.getByRole('option', { name: /Acme/ }).waitFor()
  await press('Enter')
  await page.getByRole('heading', { name: 'Acme', exact: true }).waitFor()

  await press('Control+k')
  await page.getByPlaceholder('Go to…').waitFor()
  await type('users')
  await page.getByRole('option', { name: 'Users' }).waitFor()
  await press('Enter')
  await page.getByRole('heading', { name: 'Users' }).waitFor()
})

test('the board is reached, narrowed and asked to compare', async () => {
  const { page } = visit
  await press('Control+k')
  await page.getByPlaceholder('Go to…').waitFor()
  await type('board')
  await page.getByRole('option', { name: 'Board' }).waitFor()
  await press('Enter')
  await page.getByRole('heading', { name: 'Board', exact: true }).waitFor()
  await tabTo(page.getByRole('button', { name: 'Compare now' }))
  await press('Enter')
  await page.getByText('Every tenant is being compared').first().waitFor()
  await page.locator('[data-sweep=done]').waitFor()

  await tabTo(page.getByRole('navigation', { name: 'Drift by state' }).getByRole('link', { name: 'Ignored' }))
  await press('Enter')
  await page.getByText('There is nothing of this kind').waitFor()
  expect(new URL(page.url()).searchParams.get('status')).toBe('ignored')
  await tabTo(page.getByRole('link', { name: /Active/ }), 'Shift+Tab')
  await press('Enter')
  await page.getByRole('row').filter({ hasText: 'acme' }).waitFor()
  expect(page.url()).toContain('/operator/tenants?status=active')
})

test('a change of page is announced', async () => {
  const { page } = visit
  await tabTo(page.getByRole('link', { name: 'Home' }))
  await press('Enter')
  await page
    .locator('[aria-live=polite]', { hasText: 'Home · Acme Workspace' })
    .waitFor({ state: 'attached' })
})

test('the console had nothing to complain of', () => {
  expect(visit.complaints).toEqual([])
})
