import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { query } from '../e2e/scene'
import { startIdentityProvider, type IdentityProvider } from '../harness/identity-provider'
import { faultsOn } from './axe'
import { live, openReplicatedPortal, type Visit } from './portal'

let idp: IdentityProvider
let portal: Awaited<ReturnType<typeof openReplicatedPortal>>
let olga: Visit
let maxId: string

beforeAll(async () => {
  idp = await startIdentityProvider()
  const masterKey = Buffer.alloc(32, 7).toString('base64')
  portal = await openReplicatedPortal({
    env: { AUTH_MODE: 'oidc-only', MASTER_KEY: masterKey, ...idp.environment },
  })
  idp.register(portal.server.url)
  await signedInAs('Max Member')
  const [row] = await query<{ id: string }>(portal.server.databaseUrl, 'SELECT "id" FROM "User"')
  maxId = row?.id ?? ''
})
afterAll(async () => {
  await portal?.close()
  await idp?.stop()
})
/** Olga signs in, and time passes: nobody has proved lately who they are. */
beforeEach(async () => {
  olga = await signedInAs('Olga Operator')
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

const usersNow = () =>
  query(portal.server.databaseUrl, 'SELECT "email", "status"::text FROM "User" ORDER BY "email"')
const sessionsNow = () =>
  query<{ email: string }>(
    portal.server.databaseUrl,
    'SELECT u."email" FROM "Session" s JOIN "User" u ON u."id" = s."userId" ORDER BY s."id"',
  )
const cookie = async () =>
  (await olga.context.cookies()).find(({ name }) => name.endsWith('tenantry_session'))?.value

/** Presses the button for a change that matters, as far as the provider's own page. */
async function untilProvider(): Promise<void> {
  const { page } = olga
  await olga.open(`/operator/users/${maxId}`)
  await page.getByRole('button', { name: 'Disable' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Disable user' }).click()
  const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' })
  await dialog.getByText('You signed in by your organisation’s identity provider').waitFor()
  expect(await faultsOn(olga.page)).toEqual([])
  await dialog.getByRole('link', { name: 'Sign in once more' }).click()
  // It asks, though it knows who is signed in there.
  await page.getByRole('heading', { name: 'Who are you?' }).waitFor()
  expect(new URL(page.url()).origin).toBe(idp.issuer)
}

const failure = async (title: string) => {
  await olga.page.waitForURL((url) => url.pathname === '/auth/failed')
  await live(olga.page)
  await olga.page.getByRole('heading', { name: title }).waitFor()
  expect(await faultsOn(olga.page)).toEqual([])
  expect(await usersNow()).toEqual([
    { email: 'max@example.org', status: 'active' },
    { email: 'olga@example.org', status: 'active' },
  ])
}

test('who declines at the provider stays signed in, and has changed nothing', async () => {
  const before = await cookie()
  await untilProvider()
  await olga.page.getByRole('button', { name: 'Cancel' }).click()
  await failure('You were not signed in')
  await olga.page.getByText('You are still signed in as Olga Operator, and nothing was changed.').waitFor()
  expect(await cookie()).toBe(before)
  await olga.page.getByRole('link', { name: 'Back to the portal' }).click()
  await olga.page.getByRole('heading', { name: /^Hello/ }).waitFor()
})

test.each([
  ['is not known here', 'Ada Lovelace'],
  ['is known here', 'Max Member'],
])('somebody else who %s does not come back in their place', async (_, name) => {
  const before = await sessionsNow()
  await untilProvider()
  await olga.page.getByRole('button', { name }).click()
  await failure('That was somebody else')
  // The provider has ended the session that it had with Olga, and says so: hers ends here, and nobody's begins.
  await vi.waitFor(async () => expect(await sessionsNow()).toEqual(before.slice(0, -1)), 20_000)
  expect((await olga.context.request.get('/api/auth/session')).status()).toBe(401)
})

test('who proves it is led back, does it again, and is not asked', async () => {
  const [before, sessions] = [await cookie(), await sessionsNow()]
  await untilProvider()
  await olga.page.getByRole('button', { name: 'Olga Operator' }).click()
  await olga.page.waitForURL(`${portal.server.url}/operator/users/${maxId}`)
  await live(olga.page)
  expect(await cookie()).not.toBe(before)
  await olga.page.getByRole('button', { name: 'Disable' }).click()
  await olga.page.getByRole('alertdialog').getByRole('button', { name: 'Disable user' }).click()
  await olga.page.getByRole('region', { name: 'Profile' }).getByText('Disabled').waitFor()
  // Of those that there were, the disabled person's are over, and Olga's goes on as another.
  expect(await sessionsNow()).toEqual(sessions.filter(({ email }) => email !== 'max@example.org'))
  expect(olga.complaints).toEqual([])
})
