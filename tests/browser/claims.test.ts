import { afterAll, beforeAll, expect, test } from 'vitest'
import { registerMachine } from './machines'
import {
  createTenant,
  createUser,
  openPortal,
  password,
  setUp,
  type BrowserPortal,
  type Visit,
} from './portal'
import { expectWellMade } from './well-made'

let portal: BrowserPortal
let owner: Visit

beforeAll(async () => {
  portal = await openPortal()
  owner = await setUp(portal)
  await createTenant(owner, 'Acme', 'acme')
  await createTenant(owner, 'Other', 'other')
  await createUser(owner, 'Carol Danvers', 'carol@example.org')
  await owner.call('POST', '/api/tenants/acme/members', { email: 'carol@example.org' })
})
afterAll(() => portal?.close())

const allow = (visit: Visit) => visit.page.getByRole('button', { name: 'Let it in' })

test('whoever is signed out signs in, comes back, and lets the machine in', async () => {
  const builder = await registerMachine(portal, 'builder')
  const visit = await portal.visit({ viewport: { width: 360, height: 800 } })
  const { page } = visit
  await visit.open(builder.path)
  await page.getByLabel('E-mail address').fill('ada@example.org')
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { name: 'A machine asks to be let in' }).waitFor()
  await expectWellMade(visit)

  const facts = page.getByRole('main')
  await facts.getByText('builder', { exact: true }).first().waitFor()
  expect(await facts.locator('code span').allTextContents()).toEqual(
    Array.from({ length: 16 }, () => expect.stringMatching(/^[0-9a-f]{4}$/)),
  )
  await facts.getByText('127.0.0.1').waitFor()
  await page.getByLabel('Tenant', { exact: true }).selectOption('Acme')
  expect(await page.getByLabel('Name of the service').inputValue()).toBe('builder')
  await page.getByLabel('Borrow a secret for a time').uncheck()
  await allow(visit).click()
  await page.getByRole('heading', { name: 'builder is let in' }).waitFor()
  await page.getByText('You can go back to the terminal.').waitFor()
  await expectWellMade(visit)

  const { json } = await builder.call('GET', '/api/me')
  expect(json).toMatchObject({
    tenant: { slug: 'acme' },
    principal: { owner: { kind: 'service', name: 'builder' }, role: 'member' },
    scopes: ['tenant:read', 'vaults:read', 'secrets:list', 'secrets:read'],
    vaults: [{ handle: 'default', isDefault: true }],
  })
  await visit.open(builder.path)
  await page.getByRole('heading', { name: 'This link is over' }).waitFor()
  await expectWellMade(visit)
  expect(visit.complaints).toEqual([])
})

test('a machine that acts for the person, as an admin with all that the role allows', async () => {
  const { page } = owner
  const mine = await registerMachine(portal, 'mine')
  await owner.open(mine.path)
  await page.getByLabel('Tenant', { exact: true }).selectOption('Other')
  await page.getByRole('radio', { name: /^Me / }).check()
  await page.getByRole('radio', { name: 'Admin' }).check()
  await page.getByRole('radio', { name: 'All that the role allows' }).check()
  await allow(owner).click()
  await page.getByText('It acts for Ada Lovelace from now on.').waitFor()
  expect((await mine.call('GET', '/api/me')).json).toMatchObject({
    tenant: { slug: 'other' },
    principal: { owner: { kind: 'member' }, role: 'admin' },
    scopes: null,
  })
  await page.getByRole('link', { name: 'Look at the machine' }).click()
  await page.getByRole('heading', { name: 'mine' }).waitFor()
})

test('nothing is let in that may do nothing', async () => {
  const { page } = owner
  const idle = await registerMachine(portal, 'idle')
  await owner.open(idle.path)
  for (const box of await page
    .getByRole('group', { name: 'Secrets of its vaults' })
    .getByRole('checkbox')
    .all())
    await box.uncheck()
  await page.getByLabel('See the tenant', { exact: true }).uncheck()
  await allow(owner).click()
  await page.getByText('Choose something that it may do.').waitFor()
  await expectWellMade(owner)
  await page.getByLabel('See the tenant', { exact: true }).check()
  await allow(owner).click()
  await page.getByRole('heading', { name: 'idle is let in' }).waitFor()
})

test('a machine is refused, and gets nothing; the link of another is not its own', async () => {
  const { page } = owner
  const stranger = await registerMachine(portal, 'stranger')
  await owner.open(stranger.path)
  await page.getByRole('button', { name: 'Refuse' }).click()
  await page.getByRole('button', { name: 'Refuse machine' }).click()
  await page.getByRole('heading', { name: 'The machine was refused' }).waitFor()
  expect((await stranger.call('GET', '/api/me')).status).toBe(403)
})

test('a link that ends while it is looked at says so', async () => {
  const { page } = owner
  const late = await registerMachine(portal, 'late')
  await owner.open(late.path)
  await late.askAgain()
  await allow(owner).click()
  await page.getByRole('heading', { name: 'This link is over' }).waitFor()
})

test('a member looks, and is told who can', async () => {
  const carol = await portal.visit()
  await carol.signIn('carol@example.org')
  const machine = await registerMachine(portal, 'carols')
  await carol.open(machine.path)
  await carol.page.getByText('You can’t let it in').waitFor()
  expect(await allow(carol).count()).toBe(0)
  await expectWellMade(carol)
  expect(carol.complaints).toEqual([])
})
