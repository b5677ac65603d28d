import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLog } from '#server/lib/log'
import { openDatabase, type Database } from '#server/storage/database'
import { createTenant, openPortal, operator, setUp, type BrowserPortal, type Visit } from './portal'
import { expectWellMade } from './well-made'

let portal: BrowserPortal
let boss: Visit
let database: Database

beforeAll(async () => {
  portal = await openPortal()
  boss = await setUp(portal)
  await createTenant(boss, 'Acme Corporation', 'acme')
  const url = `file:${join(portal.server.dataDir, 'tenantry.db')}`
  database = await openDatabase({ url, poolMax: 1, log: createLog('silent') })
})
afterAll(async () => {
  await database?.close()
  await portal?.close()
})

const verifyButton = ({ page }: Visit) => page.getByRole('button', { name: 'Verify the audit' })
const says = ({ page }: Visit, words: string | RegExp) =>
  page.getByRole('status').filter({ hasText: words }).first().waitFor()
const findings = ({ page }: Visit) => page.getByRole('list', { name: 'Findings' }).getByRole('listitem')

test('an entry names its tenant before it is opened, and leads there', async () => {
  const { page } = boss
  await boss.open('/operator/audit')
  const entry = page.getByRole('listitem').filter({ hasText: 'Tenant created' })
  await entry.getByText('Ada Lovelace').waitFor()
  await entry.getByRole('link', { name: 'Acme Corporation' }).click()
  await page.getByRole('heading', { name: 'Acme Corporation' }).waitFor()
  expect(new URL(page.url()).pathname).toBe('/tenants/acme')

  await boss.open('/tenants/acme/audit')
  await entry.getByText('Ada Lovelace').waitFor()
  expect(await entry.getByRole('link').count()).toBe(0)
})

test('what nobody touched is whole', async () => {
  await boss.open('/operator/audit')
  await verifyButton(boss).click()
  await says(boss, /\d+ entries verified: nothing was changed/)
  expect(await findings(boss).count()).toBe(0)
  await expectWellMade(boss)
})

test('a row that was changed in the database is found and named, by the keyboard alone', async () => {
  const { page } = boss
  const { client } = database
  const entry = await client.auditEntry.findFirstOrThrow({ where: { action: 'tenant.created' } })
  await client.auditEntry.update({ where: { id: entry.id }, data: { actorId: 'somebody-else' } })

  await boss.open('/operator/audit')
  await verifyButton(boss).focus()
  await page.keyboard.press('Enter')
  await says(boss, /verified: 1 finding(?!s)/)
  expect(await findings(boss).allInnerTexts()).toEqual([
    expect.stringMatching(
      new RegExp(`Chain ${entry.chain}, entry ${entry.sequence} was changed\\s+${entry.id}`),
    ),
  ])
  await expect
    .poll(() => verifyButton(boss).evaluate((element) => element === document.activeElement))
    .toBe(true)
  await expectWellMade(boss)
  await client.auditEntry.update({ where: { id: entry.id }, data: { actorId: entry.actorId } })
  await page.keyboard.press('Enter')
  await says(boss, 'nothing was changed')
})

test('the newest entry is missed where it was removed, on a narrow screen too', async () => {
  const { client } = database
  const newest = await client.auditEntry.findFirstOrThrow({
    where: { action: 'user.signed_in' },
    orderBy: { id: 'desc' },
  })
  await client.auditEntry.delete({ where: { id: newest.id } })
  const narrow = await portal.visit({ viewport: { width: 360, height: 800 } })
  await narrow.signIn(operator.email)
  await narrow.open('/operator/audit')
  await verifyButton(narrow).click()
  await says(narrow, 'finding')
  expect((await findings(narrow).allInnerTexts()).join()).toContain(
    `Chain ${newest.chain}, entry ${newest.sequence} was removed`,
  )
  await expectWellMade(narrow)
  expect([...boss.complaints, ...narrow.complaints]).toEqual([])
})
