import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTenant, openPortal, setUp, type BrowserPortal, type Visit } from './portal'

let portal: BrowserPortal
let boss: Visit

beforeAll(async () => {
  portal = await openPortal()
  boss = await setUp(portal)
  await createTenant(boss, 'Acme', 'acme')
})
afterAll(() => portal?.close())

/** Noticed with the next call: the board's comes within ten seconds. */
const lost = async () => {
  const words = boss.page.getByText('The portal can’t be reached right now.')
  await words.waitFor({ timeout: 60_000 })
  return words
}

test.each(['/tenants/acme', '/tenants/acme/provisioning', '/tenants/acme/drift', '/operator/board'])(
  'a page that is open while the portal is away says so, and is as before by itself: %s',
  async (path) => {
    await boss.open(path)
    const words = await boss.page.locator('main').innerText()
    await portal.server.kill()
    const notice = await lost()
    await portal.server.restart()
    await notice.waitFor({ state: 'detached', timeout: 60_000 })
    await expect.poll(() => boss.page.getByRole('alert').count()).toBe(0)
    expect(words.length).toBeGreaterThan(0)
    expect(await boss.page.locator('main').innerText()).toContain(words.split('\n')[0])
  },
  60_000,
)

test('what changed while the portal was away is shown when it is back, and nothing was thrown', async () => {
  await boss.open('/tenants/acme')
  await portal.server.kill()
  await lost()
  await portal.server.restart()
  await boss.call('POST', '/api/tenants/acme/suspend')
  await boss.page.getByText('Suspended', { exact: true }).first().waitFor({ timeout: 60_000 })
  await boss.call('POST', '/api/tenants/acme/resume')
  expect(boss.complaints).toEqual([])
}, 60_000)
