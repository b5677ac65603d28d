import { afterAll, beforeAll, expect, test } from 'vitest'
import { startAuthentikFake, type AuthentikFake } from '#server/integrations/authentik/fake'
import { startOcisFake, type OcisFake } from '#server/integrations/ocis/fake'
import { startStalwartFake, type StalwartFake } from '#server/integrations/stalwart/fake'
import { createTenant, createUser, openPortal, setUp, type BrowserPortal, type Visit } from './portal'
import { expectWellMade } from './well-made'

const narrow = { viewport: { width: 360, height: 800 } }
let portal: BrowserPortal
let authentik: AuthentikFake
let stalwart: StalwartFake
let ocis: OcisFake
let owner: Visit
let onTelephone: Visit

beforeAll(async () => {
  authentik = await startAuthentikFake()
  stalwart = await startStalwartFake()
  ocis = await startOcisFake()
  portal = await openPortal({ env: { INTEGRATIONS_ALLOW_PRIVATE: 'on' } })
  owner = await setUp(portal)
  await createTenant(owner, 'Acme', 'acme')
  await createUser(owner, 'Carol Danvers', 'carol@example.org')
  await owner.call('POST', '/api/tenants/acme/members', { email: 'carol@example.org', role: 'admin' })
  onTelephone = await portal.visit(narrow)
  await onTelephone.signIn('carol@example.org')
})
afterAll(async () => {
  await portal?.close()
  for (const fake of [authentik, stalwart, ocis]) await fake?.stop()
})

const dialogOf = ({ page }: Visit) => page.getByRole('dialog')
const part = ({ page }: Visit, product: string) => page.getByRole('region', { name: product, exact: true })

/** Saves what was typed in, and waits until it is shown. */
async function save(visit: Visit): Promise<void> {
  await dialogOf(visit).getByRole('button', { name: 'Save connection' }).click()
  await dialogOf(visit).waitFor({ state: 'hidden' })
}

/** Removes a tenant's own connection, and waits until the platform's is used. */
async function remove(visit: Visit, product: string): Promise<void> {
  const { page } = visit
  await part(visit, product)
    .getByRole('button', { name: `Remove ${product}` })
    .click()
  await page.getByLabel('Type “acme” to confirm').fill('acme')
  await page.getByRole('button', { name: 'Remove connection' }).click()
  await part(visit, product)
    .getByRole('button', { name: `Use your own ${product}` })
    .waitFor()
}

test('a tenant uses an own Authentik, tests it, and goes back to the platform’s', async () => {
  const { page } = owner
  const dialog = dialogOf(owner)
  await owner.open('/tenants/acme/connections')
  await page.getByText('The platform’s', { exact: true }).first().waitFor()
  await expectWellMade(owner)

  await page.getByRole('button', { name: 'Use your own Authentik' }).click()
  await dialog.getByRole('button', { name: 'Save connection' }).click()
  await dialog.getByText('It is needed.', { exact: true }).waitFor()
  await expectWellMade(owner)
  await dialog.getByLabel('Address').fill(authentik.url)
  await dialog.getByLabel('API token').fill('not-the-token')
  await save(owner)
  await page.getByText('The tenant’s own', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Test Authentik' }).click()
  await page.getByText('It can’t be used').waitFor()
  await expectWellMade(owner)

  await page.getByRole('button', { name: 'Change Authentik' }).click()
  expect(await dialog.getByLabel('API token').inputValue()).toBe('')
  await dialog.getByLabel('API token').fill(authentik.token)
  await save(owner)
  await page.getByRole('button', { name: 'Test Authentik' }).click()
  await page.getByText(/^It answered in \d+ ms$/).waitFor()
  await page.getByText('Authentik 2026.8.3 answers, and lets its groups and users be read.').waitFor()
  expect(await page.content()).not.toContain(authentik.token)
  await remove(owner, 'Authentik')
})

test('an own Stalwart is signed in to with a key, which is replaced on a telephone', async () => {
  for (const visit of [owner, onTelephone]) {
    const { page } = visit
    const dialog = dialogOf(visit)
    const own = part(visit, 'Stalwart')
    await visit.open('/tenants/acme/connections')
    await own.getByRole('button', { name: 'Use your own Stalwart' }).click()
    await dialog.getByText('An API key of Stalwart, or user:password.').waitFor()
    expect(await dialog.getByLabel('How to sign in there').count()).toBe(0)
    await dialog.getByLabel('Address').fill('mail.example.org')
    await dialog.getByLabel('API key').fill('not-the-key')
    await dialog.getByRole('button', { name: 'Save connection' }).click()
    await dialog.getByText('An address begins with https:// or http://.').waitFor()
    await expectWellMade(visit)
    await dialog.getByLabel('Address').fill(stalwart.url)
    await save(visit)

    await own.getByRole('button', { name: 'Test Stalwart' }).click()
    await own.getByText('It can’t be used').waitFor()
    await own
      .getByText(/Stalwart refused to/)
      .first()
      .waitFor()
    await expectWellMade(visit)
    await own.getByRole('button', { name: 'Change Stalwart' }).click()
    await dialog.getByText('There is one, which is never shown.').waitFor()
    await dialog.getByLabel('API key').fill(stalwart.token)
    await save(visit)
    await own.getByText('It can’t be used').waitFor({ state: 'detached' })
    await own.getByRole('button', { name: 'Test Stalwart' }).click()
    await own.getByText('Stalwart answers (0.16 or later), and lets its domains be read.').waitFor()
    await expectWellMade(visit)
    expect(await page.content()).not.toContain(stalwart.token)
    await remove(visit, 'Stalwart')
  }
})

test('an own OCIS is signed in to with a client, or with a token in its place', async () => {
  const product = 'OCIS or OpenCloud'
  const { clientId, clientSecret, appToken } = ocis.credentials
  for (const visit of [owner, onTelephone]) {
    const { page } = visit
    const dialog = dialogOf(visit)
    const own = part(visit, product)
    await visit.open('/tenants/acme/connections')
    await own.getByRole('button', { name: `Use your own ${product}` }).click()
    await dialog.getByLabel('Address', { exact: true }).fill(ocis.url)
    await dialog.getByRole('button', { name: 'Save connection' }).click()
    await dialog.getByText('It is needed.', { exact: true }).waitFor()
    await expectWellMade(visit)
    await dialog.getByLabel('Client ID').fill(clientId)
    await dialog.getByLabel('Client secret').fill('not-the-secret')
    await dialog.getByLabel('Token address').fill(ocis.tokenUrl)
    await save(visit)
    await own.getByText(clientId, { exact: true }).waitFor()
    await own.getByRole('button', { name: `Test ${product}` }).click()
    await own
      .getByText(/The issuer of OCIS's tokens refused/)
      .first()
      .waitFor()
    await expectWellMade(visit)

    await own.getByRole('button', { name: `Change ${product}` }).click()
    expect(await dialog.getByLabel('Client ID').inputValue()).toBe(clientId)
    expect(await dialog.getByLabel('Client secret').inputValue()).toBe('')
    await dialog.getByLabel('Client secret').fill(clientSecret)
    await save(visit)
    await own.getByRole('button', { name: `Test ${product}` }).click()
    await own.getByText(/^OCIS 7\.1\.0 answers, knows who we are, and shows \d spaces?\.$/).waitFor()
    await expectWellMade(visit)

    await own.getByRole('button', { name: `Change ${product}` }).click()
    await dialog.getByLabel('How to sign in there').selectOption('token')
    await dialog.getByText('As user:token.').waitFor()
    await dialog.getByRole('button', { name: 'Save connection' }).click()
    await dialog.getByText(/^It is needed for another address/).waitFor()
    await dialog.getByLabel('App token').fill('no-colon')
    await dialog.getByRole('button', { name: 'Save connection' }).click()
    await dialog.getByText('The app token of OCIS is not of the form user:token.').waitFor()
    await expectWellMade(visit)
    await dialog.getByLabel('App token').fill(appToken)
    await save(visit)
    await own.getByText(clientId, { exact: true }).waitFor({ state: 'detached' })
    await own.getByRole('button', { name: `Test ${product}` }).click()
    await own.getByText(/^OCIS 7\.1\.0 answers/).waitFor()
    for (const secret of [clientSecret, appToken]) expect(await page.content()).not.toContain(secret)
    await remove(visit, product)
  }
})

test('what was left elsewhere is told until somebody has seen to it', async () => {
  await onTelephone.open('/tenants/acme/connections')
  for (const visit of [owner, onTelephone]) {
    const { page } = visit
    await visit.open('/tenants/acme/connections')
    const left = part(visit, 'Left behind')
    const ofOcis = left.getByRole('listitem').filter({ hasText: ocis.url })
    if (visit === owner) {
      await ofOcis.first().waitFor()
      await expectWellMade(visit)
      await ofOcis
        .getByRole('button', { name: /^Mark as seen to/ })
        .first()
        .click()
      await expectWellMade(visit)
      await page.getByRole('button', { name: 'It was seen to' }).click()
      await ofOcis.waitFor({ state: 'detached' })
    } else expect(await ofOcis.count()).toBe(0)
  }
  // The steps say so as well, of what is left still.
  await owner.open('/tenants/acme/provisioning')
  await owner.page.getByText(/Left behind, and looked after by nobody: 1 group at http/).waitFor()
  await expectWellMade(owner)
})

test('a page that is open shows what somebody else changes', async () => {
  await owner.open('/tenants/acme/connections')
  await onTelephone.open('/tenants/acme/connections')
  await part(owner, 'Stalwart').getByText('None', { exact: true }).waitFor()
  await onTelephone.call('PUT', '/api/tenants/acme/connections/stalwart', {
    apiUrl: stalwart.url,
    credential: { kind: 'token', token: stalwart.token },
  })
  await part(owner, 'Stalwart').getByText('The tenant’s own', { exact: true }).waitFor()
  // A test changes no step: it shows when somebody looks again.
  await onTelephone.call('POST', '/api/tenants/acme/connections/stalwart/test', {})
  await part(owner, 'Stalwart').getByText('Never', { exact: true }).waitFor()
  await owner.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
  await part(owner, 'Stalwart').getByText('Never', { exact: true }).waitFor({ state: 'detached' })

  const { items } = (await owner.call('GET', '/api/tenants/acme/vaults')) as { items: { id: string }[] }
  await owner.open('/tenants/acme/vault/default')
  await owner.page.getByText('Nothing in this vault yet').waitFor()
  await onTelephone.call('PUT', `/api/vaults/${items[0]?.id ?? ''}/entries/smtp/password`, {
    value: 'sesame',
  })
  await owner.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
  await owner.page.getByRole('link', { name: 'password' }).waitFor()
  for (const visit of [owner, onTelephone]) expect(visit.complaints).toEqual([])
})
