import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPortal, operator, type BrowserPortal, type Visit } from './portal'
import { furnishedPortal } from './pages'
import { expectToFit } from './well-made'

const viewport = { width: 360, height: 700 }
let portal: BrowserPortal
let boss: Visit

beforeAll(async () => {
  ;({ portal } = await furnishedPortal())
  boss = await portal.visit({ viewport, hasTouch: true, isMobile: true })
  await boss.signIn(operator.email)
})
afterAll(() => portal?.close())

test('the menu leads everywhere', async () => {
  await boss.open('/')
  await boss.page.getByRole('button', { name: 'Open menu' }).tap()
  await boss.page.getByRole('dialog').getByRole('link', { name: 'Users' }).tap()
  await boss.page.getByRole('heading', { name: 'Users' }).waitFor()
})

test('a tenant is created on a telephone', async () => {
  await boss.open('/operator/tenants')
  await boss.page.getByRole('button', { name: 'New tenant' }).tap()
  const dialog = boss.page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill('Pocket')
  await expectToFit(boss.page)
  await dialog.getByRole('button', { name: 'Create tenant' }).tap()
  await boss.page.getByRole('heading', { name: 'Pocket' }).waitFor()
  expect(boss.complaints).toEqual([])
})

test('the set-up wizard fits', async () => {
  const fresh = await openPortal()
  try {
    const visit = await fresh.visit({ viewport, isMobile: true, hasTouch: true })
    await visit.open('/setup')
    await expectToFit(visit.page)
  } finally {
    await fresh.close()
  }
})
