import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTenant, openPortal, operator, setUp, type BrowserPortal, type Visit } from './portal'

const problem = {
  type: 'about:blank',
  title: 'x',
  status: 500,
  code: 'internal.error',
  requestId: 'request-of-the-test',
}

let portal: BrowserPortal
let boss: Visit

beforeAll(async () => {
  portal = await openPortal()
  boss = await setUp(portal)
  await createTenant(boss, 'Acme', 'acme')
})
afterAll(() => portal?.close())

test('a page that could not be fetched says so, and can be tried again', async () => {
  const { page } = boss
  await boss.open('/')
  await page.route('**/api/users?*', (route) => route.abort())
  await page.getByRole('link', { name: 'Users' }).click()
  await page.getByText('The portal can’t be reached').waitFor()
  await page.unroute('**/api/users?*')
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByRole('row').filter({ hasText: operator.email }).waitFor()
})

test('a slow page shows a skeleton meanwhile', async () => {
  const { page } = boss
  await boss.open('/')
  let answer = () => {}
  const held = new Promise<void>((resolve) => (answer = resolve))
  await page.route('**/api/tenants?*', async (route) => {
    await held
    await route.continue()
  })
  await page.getByRole('link', { name: 'Tenants', exact: true }).click()
  await page.getByText('Loading…').waitFor({ state: 'attached' })
  answer()
  await page.getByRole('row').filter({ hasText: 'acme' }).waitFor()
  await page.unrouteAll({ behavior: 'wait' })
})

test('what a server error means is said, with the request to ask about', async () => {
  const { page } = boss
  await boss.open('/')
  await page.route('**/api/audit?*', (route) => route.fulfill({ status: 500, json: problem }))
  await page.getByRole('link', { name: 'Audit' }).click()
  await page.getByText('Something went wrong on our side').waitFor()
  await page.getByText('request-of-the-test').waitFor()
  await page.unrouteAll()
})

test('what is shown stays when it can’t be brought up to date', async () => {
  const { page } = boss
  await boss.open('/operator/tenants')
  await page.route('**/api/tenants?*', (route) => route.abort())
  await page.getByRole('searchbox').fill('a')
  await page.getByText('This may be out of date').waitFor()
  expect(await page.getByRole('link', { name: 'Acme', exact: true }).count()).toBe(1)
  await page.unrouteAll()
})

test('an answer for a page that was left says nothing of where somebody is now', async () => {
  const { page } = boss
  const path = '**/api/tenants/acme/drift?*'
  await boss.open('/tenants/acme/members')
  let answer = () => {}
  const held = new Promise<void>((resolve) => (answer = resolve))
  await page.route(path, async (route) => {
    await held
    await route.fulfill({ status: 404, json: { ...problem, status: 404, code: 'tenant.not_found' } })
  })
  const asked = page.waitForRequest(path)
  const answered = page.waitForResponse(path)
  await page.evaluate(() => window.dispatchEvent(new Event('online')))
  await asked
  await page.getByRole('link', { name: 'Home' }).click()
  await page.getByRole('heading', { name: /^Hello/ }).waitFor()
  answer()
  await (await answered).finished()
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  )
  expect(await page.getByRole('heading', { name: /^Hello/ }).isVisible()).toBe(true)
  await page.unrouteAll({ behavior: 'wait' })
})

test('a form that did not reach the server keeps what was typed, and repeats with the same key', async () => {
  const { page } = boss
  const keys: (string | undefined)[] = []
  await boss.open('/operator/tenants')
  await page.route('**/api/tenants', async (route) => {
    keys.push(route.request().headers()['idempotency-key'])
    // The first one is applied, and its answer lost.
    if (keys.length > 1) return route.continue()
    await route.fetch()
    return route.abort()
  })
  await page.getByRole('button', { name: 'New tenant' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill('Globex')
  await dialog.getByRole('button', { name: 'Create tenant' }).click()
  await dialog.getByText('The portal can’t be reached').waitFor()
  expect(await dialog.getByLabel('Short name').inputValue()).toBe('globex')
  await dialog.getByRole('button', { name: 'Create tenant' }).click()
  await page.getByRole('heading', { name: 'Globex' }).waitFor()
  expect(keys).toHaveLength(2)
  expect(keys[0]).toBeTruthy()
  expect(keys[1]).toBe(keys[0])
  await page.unrouteAll()
})

test('being offline is shown, and over when it is over', async () => {
  const { page, context } = boss
  await boss.open('/tenants/acme')
  await page.locator('[data-connection=live]').waitFor()
  await context.setOffline(true)
  await page.getByText('You are offline.').waitFor()
  await context.setOffline(false)
  await page.getByText('You are offline.').waitFor({ state: 'detached' })
  await page.locator('[data-connection=live]').waitFor()
})

test('the console had nothing to complain of', () => {
  expect(boss.complaints).toEqual([])
})
