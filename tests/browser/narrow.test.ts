import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPortal, operator, type BrowserPortal, type Visit } from './portal'
import { furnishedPortal, operatorPages, publicPages } from './pages'

const viewport = { width: 360, height: 700 }
let portal: BrowserPortal
let boss: Visit
let nobody: Visit

beforeAll(async () => {
  ;({ portal } = await furnishedPortal())
  boss = await portal.visit({ viewport, hasTouch: true, isMobile: true })
  await boss.signIn(operator.email)
  nobody = await portal.visit({ viewport, hasTouch: true, isMobile: true })
})
afterAll(() => portal?.close())

/** Nothing is wider than the screen, and no control lies outside of it, or of what cuts off what it holds. */
async function expectToFit({ page }: Visit): Promise<void> {
  const { overflow, outside } = await page.evaluate(() => {
    const root = document.documentElement
    const controls = [
      ...document.querySelectorAll<HTMLElement>('main a, main button, main input, header a, header button'),
    ]
    const scrolls = (element: HTMLElement) => Boolean(element.closest('nav ul'))
    const edgeOf = (element: HTMLElement): number => {
      for (let around = element.parentElement; around; around = around.parentElement)
        if (['hidden', 'clip'].includes(getComputedStyle(around).overflowX))
          return Math.min(around.getBoundingClientRect().right, root.clientWidth)
      return root.clientWidth
    }
    return {
      overflow: root.scrollWidth - root.clientWidth,
      outside: controls
        .filter((control) => control.checkVisibility() && !scrolls(control) && !control.closest('.sr-only'))
        .filter((control) => control.getBoundingClientRect().right > edgeOf(control) + 1)
        .map((control) => control.outerHTML),
    }
  })
  expect({ overflow, outside }).toEqual({ overflow: 0, outside: [] })
}

test.each(operatorPages)('$path fits', async ({ path, shows }) => {
  await boss.open(path)
  await boss.page.getByText(shows).first().waitFor()
  await expectToFit(boss)
})

test.each(publicPages)('$path fits without a session', async ({ path, shows }) => {
  await nobody.open(path)
  await nobody.page.getByText(shows).first().waitFor()
  await expectToFit(nobody)
})

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
  await expectToFit(boss)
  await dialog.getByRole('button', { name: 'Create tenant' }).tap()
  await boss.page.getByRole('heading', { name: 'Pocket' }).waitFor()
  expect(boss.complaints).toEqual([])
})

test('the set-up wizard fits', async () => {
  const fresh = await openPortal()
  try {
    const visit = await fresh.visit({ viewport, isMobile: true, hasTouch: true })
    await visit.open('/setup')
    await expectToFit(visit)
  } finally {
    await fresh.close()
  }
})
