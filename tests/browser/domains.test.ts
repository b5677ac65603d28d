import { afterAll, beforeAll, expect, test } from 'vitest'
import { startStalwartFake, type StalwartFake } from '#server/integrations/stalwart/fake'
import { startNameServer, type NameServer } from '../harness/name-server'
import { createTenant, createUser, openPortal, setUp, type BrowserPortal, type Visit } from './portal'
import { expectWellMade } from './well-made'

const narrow = { viewport: { width: 360, height: 700 }, hasTouch: true, isMobile: true }
let names: NameServer
let mail: StalwartFake
let portal: BrowserPortal
let owner: Visit

beforeAll(async () => {
  names = await startNameServer()
  mail = await startStalwartFake()
  const env = { DNS_RESOLVER: names.address, STALWART_API_URL: mail.url, STALWART_API_TOKEN: mail.token }
  portal = await openPortal({ env })
  owner = await setUp(portal)
  await createTenant(owner, 'Acme', 'acme')
  await createUser(owner, 'Bob Builder', 'bob@example.org')
  await owner.call('POST', '/api/tenants/acme/members', { email: 'bob@example.org', role: 'member' })
})
afterAll(async () => {
  await portal?.close()
  await mail?.stop()
  await names?.stop()
})

interface Page {
  items: { records: object[] }[]
  nextCursor: string | null
}

interface Shown {
  items: { challenge: { name: string; value: string }; records: { purpose: string; value: string }[] }[]
}
const shown = async () => ((await owner.call('GET', '/api/tenants/acme/domains')) as Shown).items[0]

test('a domain is added, verified, its records looked at, and their drift shown', async () => {
  const { page } = owner
  await owner.open('/tenants/acme')
  await page.getByRole('link', { name: 'Domains' }).click()
  await page.getByText('No domain yet').waitFor()
  await expectWellMade(owner)
  await page.getByRole('button', { name: 'Add the first domain' }).click()
  const dialog = page.getByRole('dialog', { name: 'Add a domain' })
  await dialog.getByLabel('Domain').fill('co.uk')
  await dialog.getByRole('button', { name: 'Add domain' }).click()
  await dialog.getByText('many others have their domains').waitFor()
  await expectWellMade(owner)
  await dialog.getByLabel('Domain').fill('Bücher.example')
  await dialog.getByRole('button', { name: 'Add domain' }).click()
  await dialog.waitFor({ state: 'hidden' })
  const domain = page.getByRole('region', { name: 'bücher.example' })
  await domain.getByText('Not verified').waitFor()
  await expectWellMade(owner)

  await domain.getByRole('button', { name: 'Verify' }).click()
  await domain.getByText('The TXT record was not found').waitFor()
  const { challenge } = (await shown()) ?? { challenge: { name: '', value: '' } }
  expect(challenge.name).toBe('_tenantry-challenge.xn--bcher-kva.example')
  names.setText(challenge.name, 'tenantry-verification=another')
  await domain.getByRole('button', { name: 'Verify' }).click()
  await domain.getByText('The TXT record says something else').waitFor()
  names.behave(challenge.name, 'SERVFAIL')
  await domain.getByRole('button', { name: 'Verify' }).click()
  await domain.getByText('This says nothing about your record').waitFor()
  await expectWellMade(owner)
  names.behave(challenge.name, undefined)
  names.setText(challenge.name, challenge.value)
  await domain.getByRole('button', { name: 'Verify' }).click()
  await domain.getByText('Verified', { exact: true }).waitFor()

  // The mail server is told of the domain by the run that began, and knows its records then: they show by themselves.
  await domain.getByText('Brings mail to the mail server').waitFor({ timeout: 60_000 })

  const list = '**/api/tenants/acme/domains?*'
  await page.route(list, async (route) => {
    const response = await route.fetch()
    const { items, nextCursor } = (await response.json()) as Page
    const early = items.map((one) => ({
      ...one,
      mailRecords: 'pending',
      records: one.records.slice(0, 1).map((record) => ({ ...record, status: 'ok' })),
    }))
    await route.fulfill({ response, json: { items: early, nextCursor } })
  })
  await domain.getByRole('button', { name: 'Check again' }).click()
  await domain.getByText('The records that mail needs are still being made.').waitFor()
  expect(await domain.getByText('All records are as they should be').count()).toBe(0)
  await expectWellMade(owner)
  await page.unroute(list)
  await domain.getByText('Brings mail to the mail server').waitFor({ timeout: 60_000 })
  await domain.getByText('Missing').first().waitFor()
  await domain.getByRole('button', { name: /^Copy the value of MX/ }).waitFor()
  await expectWellMade(owner)

  const phone = await portal.visit(narrow)
  await phone.signIn('bob@example.org')
  await phone.open('/tenants/acme/domains')
  await phone.page.getByRole('region', { name: 'bücher.example' }).getByText('Missing').first().waitFor()
  expect(await phone.page.getByRole('button', { name: /Verify|Check again|Remove|Add/ }).count()).toBe(0)
  await expectWellMade(phone)

  names.setText(challenge.name)
  const drifted = async () => {
    await owner.call('POST', '/api/tenants/acme/domains/xn--bcher-kva.example/verify')
    await phone.open('/tenants/acme')
    return phone.page.getByText('DNS records have changed').isVisible()
  }
  await expect.poll(drifted, { timeout: 60_000, interval: 1_000 }).toBe(true)
  await expectWellMade(phone)
  await phone.page.getByText('bücher.example').first().waitFor()
  await phone.page.getByRole('link', { name: 'Show domains' }).click()
  await phone.page.getByText('Changed', { exact: true }).waitFor()

  await domain.getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove domain' }).click()
  await page.getByText('The mailboxes are on this domain').waitFor()
  expect([owner.complaints, phone.complaints]).toEqual([[], []])
})
