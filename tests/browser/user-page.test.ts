import { TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { faultsOn } from './axe'
import { createTenant, createUser, live, operator, password, places, setUp } from './portal'
import type { Visit } from './portal'

const email = 'carol.with.a.very.long.address.indeed@subdomain.department.example.org'
describe.each(places)('$place', ({ open: openPortal, isWhole }) => {
  let portal: Awaited<ReturnType<typeof openPortal>>
  let boss: Visit
  let carolId: string
  let path: string

  beforeAll(async () => {
    portal = await openPortal()
    boss = await setUp(portal, { locale: 'en-US' })
    carolId = await createUser(boss, 'Carol Danvers', email)
    path = `/operator/users/${carolId}`
    await createTenant(boss, 'Acme Corporation', 'acme')
    await boss.call('POST', '/api/tenants/acme/members', { email, role: 'admin' })
  })
  afterAll(() => portal?.close())

  const section = (name: string) => boss.page.getByRole('region', { name })
  const answer = (name: string) => boss.page.getByRole('alertdialog').getByRole('button', { name }).click()

  /** A browser in which Carol has signed in, at a page of hers. */
  async function carolAt(where: string): Promise<Visit> {
    const visit = await portal.visit()
    await visit.signIn(email)
    await visit.open(where)
    return visit
  }

  test('shows who somebody is, where they are signed in and what they belong to', async () => {
    await carolAt('/')
    await boss.open('/operator/users')
    await boss.page.getByRole('link', { name: 'Carol Danvers' }).click()
    await boss.page.getByRole('heading', { name: 'Carol Danvers' }).waitFor()
    await section('Profile').getByText(email).waitFor()
    await section('Profile').getByText('Active').waitFor()
    await section('Sessions').getByText('Chrome on Linux').waitFor()
    await section('Memberships').getByRole('link', { name: 'Acme Corporation' }).waitFor()
    await section('Memberships').getByText('Admin, added by hand').waitFor()
    await section('Linked identities').getByText('No identity is linked.').waitFor()
  })

  if (isWhole)
    test.each([1280, 360])('is free of faults that axe finds, and fits, at %i px', async (width) => {
      const visit = await portal.visit({ viewport: { width, height: 800 } })
      await visit.signIn(operator.email)
      await visit.open(path)
      await visit.page.getByText('Acme Corporation').waitFor()
      for (const colorScheme of ['light', 'dark'] as const) {
        await visit.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        await visit.page.waitForFunction(
          (theme) => document.documentElement.classList.contains(theme),
          colorScheme,
        )
        expect(await faultsOn(visit.page)).toEqual([])
      }
      const overflow = await visit.page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect(overflow).toBe(0)
    })

  test('whose session was ended elsewhere is told in the middle of work, and gets back there', async () => {
    const carol = await carolAt('/tenants/acme/members?search=carol')
    await boss.open(path)
    await section('Sessions').getByRole('button', { name: 'End all' }).click()
    await answer('End them')
    await section('Sessions').getByText('They are signed in nowhere.').waitFor()

    await carol.page.getByRole('searchbox').fill('nobody')
    await carol.page.waitForURL((url) => url.pathname === '/auth/expired')
    await carol.page.getByRole('heading', { name: 'Your session has ended' }).waitFor()
    await carol.page.getByRole('link', { name: 'Sign in again' }).click()
    await live(carol.page)
    await carol.page.getByLabel('E-mail address').fill(email)
    await carol.page.getByLabel('Password', { exact: true }).fill(password)
    await carol.page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await carol.page.waitForURL((url) => url.pathname === '/tenants/acme/members')
    await carol.page.getByRole('heading', { name: 'Acme Corporation' }).waitFor()
    expect(carol.complaints).toEqual([])
  })

  test('whoever is disabled is told so, also when they open a page anew, until they are enabled', async () => {
    const carol = await carolAt('/tenants/acme')
    await boss.open(path)
    await boss.page.getByRole('button', { name: 'Disable' }).click()
    await answer('Disable user')
    await section('Profile').getByText('Disabled').waitFor()

    await carol.page.getByRole('link', { name: 'Members' }).click()
    await carol.page.waitForURL((url) => url.pathname === '/auth/disabled')
    await carol.page.getByRole('heading', { name: 'Your account is disabled' }).waitFor()
    await carol.open('/account')
    expect(new URL(carol.page.url()).pathname).toBe('/auth/disabled')

    await boss.page.getByRole('button', { name: 'Enable' }).click()
    await section('Profile').getByText('Active').waitFor()
    await carol.open('/account')
    expect(new URL(carol.page.url()).pathname).toBe('/auth/expired')
    await carol.signIn(email)
    await carol.open('/auth/disabled')
    expect(new URL(carol.page.url()).pathname).toBe('/')
  })

  test('somebody who lost their second factor gets a way in by an operator', async () => {
    const carol = await carolAt('/account')
    const { secret } = (await carol.call('POST', '/api/users/me/second-factor/totp')) as { secret: string }
    const code = new TOTP({ secret }).generate()
    await carol.call('POST', '/api/users/me/second-factor/totp/confirm', { code })

    const { page } = boss
    await boss.open(path)
    await section('Profile').getByText('Set up', { exact: true }).waitFor()
    if (isWhole) expect(await faultsOn(page)).toEqual([])
    await section('Two-step sign-in').getByRole('button', { name: 'Reset two-step sign-in…' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click()
    await section('Profile').getByText('Set up', { exact: true }).waitFor()
    await section('Two-step sign-in').getByRole('button', { name: 'Reset two-step sign-in…' }).click()
    await answer('Reset two-step sign-in')
    await page.getByText('Two-step sign-in was reset').first().waitFor()
    await section('Two-step sign-in').waitFor({ state: 'detached' })
    await section('Profile').getByText('Not set up').waitFor()
    await section('Sessions').getByText('They are signed in nowhere.').waitFor()

    await carol.open('/account')
    expect(new URL(carol.page.url()).pathname).toBe('/auth/expired')
    await carol.signIn(email)
    expect(await carol.open('/account')).toBe(200)
    await carol.page.getByRole('heading', { name: 'Two-step sign-in' }).waitFor()
    expect(carol.complaints).toEqual([])
  })

  test('a session gets a new token while a page is rendered, and nobody notices', async () => {
    const carol = await carolAt('/')
    const token = async () =>
      (await carol.context.cookies()).find(({ name }) => name.endsWith('tenantry_session'))?.value
    const before = await token()
    await boss.call('PATCH', `/api/tenants/acme/members/${carolId}`, { role: 'member' })
    await carol.page.getByRole('link', { name: /Acme Corporation/ }).click()
    await carol.page.getByRole('heading', { name: 'Acme Corporation' }).waitFor()
    expect(await token()).toBe(before)
    expect(await carol.open('/tenants/acme')).toBe(200)
    expect(await token()).not.toBe(before)
    expect(await carol.open('/account')).toBe(200)
    expect(carol.complaints).toEqual([])
  })

  test('somebody is made an operator, deleted, and gone', async () => {
    const { page } = boss
    await boss.open(path)
    await page.getByRole('button', { name: 'Make operator' }).click()
    await answer('Make operator')
    await section('Profile').getByText('Operator, by hand').waitFor()
    await page.getByRole('button', { name: 'Delete user…' }).click()
    await answer('Delete user')
    await page.waitForURL((url) => url.pathname === '/operator/users')
    await page.getByText('Carol Danvers was deleted').first().waitFor()
    expect(await boss.open(path)).toBe(404)
    expect(boss.complaints).toEqual([])
  })
})
