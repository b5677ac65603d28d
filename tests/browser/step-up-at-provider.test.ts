import AxeBuilder from '@axe-core/playwright'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { query } from '../e2e/scene'
import { startIdentityProvider, type IdentityProvider } from '../harness/identity-provider'
import { live, openReplicatedPortal, type Visit } from './portal'

let idp: IdentityProvider
let portal: Awaited<ReturnType<typeof openReplicatedPortal>>
let olga: Visit
let max: { id: string }

beforeAll(async () => {
  idp = await startIdentityProvider()
  const masterKey = Buffer.alloc(32, 7).toString('base64')
  portal = await openReplicatedPortal({
    env: { AUTH_MODE: 'oidc-only', MASTER_KEY: masterKey, ...idp.environment },
  })
  idp.register(portal.server.url)
  await signedInAs('Max Member')
  olga = await signedInAs('Olga Operator')
  max = (await usersNow()).find(({ email }) => email === 'max@example.org') ?? { id: '' }
})
afterAll(async () => {
  await portal?.close()
  await idp?.stop()
})
/** Time passes: nobody has proved lately who they are. */
beforeEach(async () => {
  const longAgo = `TIMESTAMP '${new Date(Date.now() - 11 * 60_000).toISOString().slice(0, -1)}'`
  await query(portal.server.databaseUrl, `UPDATE "Session" SET "provenAt" = ${longAgo}`)
})

async function signedInAs(name: string): Promise<Visit> {
  const visit = await portal.visit()
  await visit.open('/login')
  await visit.page.getByRole('link', { name: /^Continue with/ }).click()
  await visit.page.getByRole('button', { name }).click()
  await visit.page.waitForURL(`${portal.server.url}/`)
  await live(visit.page)
  return visit
}

type Listed = { items: { id: string; email: string; status: string }[] }
const usersNow = async () => ((await olga.call('GET', '/api/users')) as Listed).items
const whoIsIn = async () =>
  ((await olga.call('GET', '/api/auth/session')) as { user: { email: string } }).user
const cookie = async () =>
  (await olga.context.cookies()).find(({ name }) => name.endsWith('tenantry_session'))?.value
const faultsOf = async ({ page }: Visit) =>
  (await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)

/** Presses the button for a change that matters, as far as the provider's own page. */
async function untilProvider(): Promise<void> {
  const { page } = olga
  await olga.open(`/operator/users/${max.id}`)
  await page.getByRole('button', { name: 'Disable' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Disable user' }).click()
  const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' })
  await dialog.getByText('You signed in by your organisation’s identity provider').waitFor()
  expect(await faultsOf(olga)).toEqual([])
  await dialog.getByRole('link', { name: 'Sign in once more' }).click()
  // It asks, though it knows who is signed in there.
  await page.getByRole('heading', { name: 'Who are you?' }).waitFor()
  expect(new URL(page.url()).origin).toBe(idp.issuer)
}

const failure = async (title: string) => {
  await olga.page.waitForURL((url) => url.pathname === '/auth/failed')
  await live(olga.page)
  await olga.page.getByRole('heading', { name: title }).waitFor()
  await olga.page.getByText('You are still signed in as Olga Operator, and nothing was changed.').waitFor()
  expect(await faultsOf(olga)).toEqual([])
}
const isUnchanged = async (session: string | undefined) => {
  expect((await usersNow()).map(({ email, status }) => `${email} ${status}`).sort()).toEqual([
    'max@example.org active',
    'olga@example.org active',
  ])
  expect((await whoIsIn()).email).toBe('olga@example.org')
  expect(await cookie()).toBe(session)
}

test('who declines at the provider stays signed in, and has changed nothing', async () => {
  const before = await cookie()
  await untilProvider()
  await olga.page.getByRole('button', { name: 'Cancel' }).click()
  await failure('You were not signed in')
  await isUnchanged(before)
  await olga.page.getByRole('link', { name: 'Back to the portal' }).click()
  await olga.page.getByRole('heading', { name: /^Hello/ }).waitFor()
})

test.each([
  ['is not known here', 'Ada Lovelace'],
  ['is known here', 'Max Member'],
])('somebody else who %s does not come back in their place', async (_, name) => {
  const before = await cookie()
  await untilProvider()
  await olga.page.getByRole('button', { name }).click()
  await failure('That was somebody else')
  await isUnchanged(before)
})

test('who proves it is led back, does it again, and is not asked', async () => {
  const before = await cookie()
  await untilProvider()
  await olga.page.getByRole('button', { name: 'Olga Operator' }).click()
  await olga.page.waitForURL(`${portal.server.url}/operator/users/${max.id}`)
  await live(olga.page)
  expect(await cookie()).not.toBe(before)
  await olga.page.getByRole('button', { name: 'Disable' }).click()
  await olga.page.getByRole('alertdialog').getByRole('button', { name: 'Disable user' }).click()
  await olga.page.getByRole('region', { name: 'Profile' }).getByText('Disabled').waitFor()
  const { items } = (await olga.call('GET', '/api/users/me/sessions')) as { items: unknown[] }
  expect(items).toHaveLength(1)
  expect(olga.complaints).toEqual([])
})
