import { afterAll, beforeAll, expect, test } from 'vitest'
import { startOcisFake, type OcisFake } from '#server/integrations/ocis/fake'
import { createTenant, openPortal, setUp, type BrowserPortal, type Visit } from './portal'
import { expectWellMade } from './well-made'

const narrow = { viewport: { width: 360, height: 700 }, hasTouch: true, isMobile: true }
const longName = 'Consolidated International Holdings of the Northern and Southern Regions'
const longSlug = 'a-tenant-whose-short-name-has-forty-char'

let files: OcisFake
let portal: BrowserPortal
let boss: Visit

beforeAll(async () => {
  files = await startOcisFake()
  portal = await openPortal({ env: { ...filesEnv(files), SWEEP_INTERVAL_SECONDS: '0' } })
  boss = await setUp(portal)
  await createTenant(boss, 'Acme', 'acme')
  await createTenant(boss, longName, longSlug)
  await createTenant(boss, 'Resting', 'resting')
  await boss.call('POST', '/api/tenants/resting/suspend')
  await boss.open('/operator/board')
})
afterAll(async () => {
  await portal?.close()
  await files?.stop()
})

function filesEnv({ url, tokenUrl, credentials }: OcisFake) {
  return {
    OCIS_API_URL: url,
    OCIS_TOKEN_URL: tokenUrl,
    OCIS_CLIENT_ID: credentials.clientId,
    OCIS_CLIENT_SECRET: credentials.clientSecret,
  }
}

function group() {
  const found = portal.authentik.groups().find(({ name }) => name === 'acme')
  if (!found) throw new Error('There is no group acme')
  return found
}

const region = (name: string) => boss.page.getByRole('region', { name, exact: true })
const drifted = (text: string) => region('Drift').locator('[data-drift]').filter({ hasText: text })
const failing = (slug: string) => region('Failing steps').locator(`[data-failing^="${slug} "]`)
const byService = (list: string, service: string) =>
  boss.page.getByRole('navigation', { name: `${list} by service` }).getByRole('link', { name: service })
const answer = (name: string) => boss.page.getByRole('alertdialog').getByRole('button', { name })

/** Presses the button, and waits until that comparison is over, as whoever looks at the page sees it. */
async function compare(): Promise<void> {
  const { page } = boss
  const shown = await page
    .locator('[data-sweep] time')
    .evaluateAll(([time]) => time?.getAttribute('datetime'))
  await page.getByRole('button', { name: 'Compare now' }).click()
  await page.locator(`[data-sweep=done]:not(:has(time[datetime="${shown}"]))`).waitFor({ timeout: 60_000 })
}

test('tenants are counted by state, and each state leads to them', async () => {
  const { page } = boss
  await region('Last comparison').getByText('Nothing was compared yet.').waitFor()
  await region('Failing steps').getByText('Nothing fails').waitFor()
  await region('Drift').getByText('Nothing drifted').waitFor()
  for (const [service, words] of [
    ['authentik', 'In use'],
    ['ocis', 'In use'],
    ['stalwart', 'Not configured'],
    ['mail', 'Not configured'],
  ] as const)
    await region('Services').locator(`[data-service=${service}]`).getByText(words, { exact: true }).waitFor()
  await page.locator('[data-state=active]').getByText('2').waitFor()
  await expectWellMade(boss)

  await page.locator('[data-state=suspended]').click()
  await page.getByRole('row').filter({ hasText: 'resting' }).waitFor()
  expect(await page.getByRole('row').filter({ hasText: 'acme' }).count()).toBe(0)
  await page.getByRole('navigation', { name: 'Tenants by state' }).getByRole('link', { name: 'All' }).click()
  await page.getByRole('row').filter({ hasText: 'acme' }).waitFor()
  await page.getByRole('link', { name: 'Board' }).click()
})

test('what drifted shows by itself once all was compared, by service, and is settled', async () => {
  const { page } = boss
  const space = files.drives().find(({ name }) => name === longName)
  portal.authentik.changeGroup(group().pk, { users: [] })
  files.changeDrive(space?.id ?? '', { total: 5 * 2 ** 30 })
  await compare()
  await drifted('Changed').nth(1).waitFor()
  await expectWellMade(boss)

  await byService('Drift', 'Files').click()
  await drifted(longName).waitFor()
  await expect.poll(() => region('Drift').locator('[data-drift]').count()).toBe(1)
  expect(new URL(page.url()).searchParams.get('drift')).toBe('ocis')
  await drifted(longName)
    .getByRole('button', { name: /^Accept/ })
    .click()
  await page.getByText('Nothing changes at the service').waitFor()
  await expectWellMade(boss)
  await answer('Accept').click()
  await region('Drift').getByText('Nothing drifted').waitFor()

  await page.getByRole('link', { name: 'Accepted' }).click()
  await drifted(longName).getByText('Accepted').waitFor()
  await drifted(longName)
    .getByRole('button', { name: /^Reopen/ })
    .click()
  await region('Drift').getByText('There is nothing of this kind').waitFor()
  await page.getByRole('link', { name: 'Open', exact: true }).click()
  await drifted(longName).waitFor()
  expect(group().users).toEqual([])
})

test('what fails is listed with the service’s words, and tried again: one tenant, and all', async () => {
  const { page } = boss
  const body = { detail: 'Token invalid/expired' }
  portal.authentik.faults.add({ kind: 'answer', status: 403, body, times: 'always' })
  for (const slug of ['acme', longSlug]) await boss.call('POST', `/api/tenants/${slug}/reconcile`, {})
  await failing('acme').first().getByText('Token invalid/expired').waitFor({ timeout: 60_000 })
  await failing(longSlug).first().waitFor({ timeout: 60_000 })
  await expectWellMade(boss)
  const phone = await portal.visit(narrow)
  await phone.signIn('ada@example.org')
  await phone.open('/operator/board')
  await phone.page.locator('[data-failing]').first().waitFor()
  await expectWellMade(phone)

  await failing('acme').first().getByRole('button', { name: 'Retry Acme' }).click()
  await page.getByText('Acme is being looked at again').first().waitFor()
  await byService('Failing steps', 'Sign-in and groups').click()
  await failing(longSlug).first().waitFor({ timeout: 60_000 })
  portal.authentik.faults.clear()
  await page.getByRole('button', { name: 'Retry all' }).click()
  await page.getByRole('alertdialog', { name: /^Retry \d+ steps?\?$/ }).waitFor()
  await answer('Retry').click()
  await page
    .getByText(/tenants? (is|are) being looked at again$/)
    .first()
    .waitFor()
  await region('Failing steps').getByText('Nothing fails').waitFor({ timeout: 60_000 })
  // The runs brought in line what had drifted, also what nobody asked to be repaired.
  await expect.poll(() => group().users.length, { timeout: 60_000 }).toBe(1)
}, 120_000)

test('while the portal is away the figures stay, and say so, until it is back', async () => {
  const { page } = boss
  await portal.server.kill()
  await page.getByText('This may be out of date').first().waitFor({ timeout: 60_000 })
  await page.locator('[data-state=active]').getByText('2').waitFor()
  await expectWellMade(boss)
  await portal.server.restart()
  await page.getByText('This may be out of date').first().waitFor({ state: 'hidden', timeout: 60_000 })
})

test('it asks again and again while somebody looks, and not while nobody does', async () => {
  const visit = await portal.visit()
  await visit.signIn('ada@example.org')
  const { page } = visit
  let asked = 0
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/api/operator/board') asked += 1
  })
  await page.clock.install()
  await visit.open('/operator/board')
  const settled = () => page.waitForLoadState('networkidle')
  const hide = (isHidden: boolean) =>
    page.evaluate((state) => {
      Object.defineProperty(document, 'hidden', { configurable: true, value: state })
      document.dispatchEvent(new Event('visibilitychange'))
    }, isHidden)
  await page.clock.runFor(11_000)
  await expect.poll(() => asked).toBeGreaterThan(0)
  await settled()
  await hide(true)
  const before = asked
  await page.clock.runFor(120_000)
  await settled()
  expect(asked).toBe(before)
  await hide(false)
  await expect.poll(() => asked).toBeGreaterThan(before)
})

test('all comparisons are listed', async () => {
  const { page } = boss
  await boss.open('/operator/board')
  await page.getByRole('link', { name: 'All comparisons' }).click()
  await page.getByRole('heading', { name: 'Comparisons' }).waitFor()
  await page.locator('[data-sweep=done]').getByText('Asked for by an operator').waitFor()
  await expectWellMade(boss)
  expect(boss.complaints).toEqual([])
})
