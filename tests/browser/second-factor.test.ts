import { TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startMailbox, type Mailbox } from '../harness/mailbox'
import { createUser, operator, password, places, setUp, type Visit } from './portal'

const newPassword = 'another violet zebra umbrella'
describe.each(places)('$place', ({ open: openPortal, isWhole }) => {
  let mailbox: Mailbox
  let portal: Awaited<ReturnType<typeof openPortal>>
  let here: Visit
  let totp: TOTP
  let recoveryCodes: string[]

  beforeAll(async () => {
    mailbox = await startMailbox()
    const env = { SMTP_URL: mailbox.url, MAIL_FROM: 'portal@example.org' }
    portal = await openPortal({ env, host: 'localhost' })
    here = await setUp(portal)
  })
  afterAll(async () => {
    await portal?.close()
    await mailbox?.stop()
  })

  const section = () => here.page.getByRole('region', { name: 'Two-step sign-in' })

  /** A code that was not used yet: the next step's counts too. */
  const nextCode = () => totp.generate({ timestamp: Date.now() + 30_000 })

  async function enterPassword({ open, page }: Visit, email: string, secret = password): Promise<void> {
    await open('/login')
    await page.getByLabel('E-mail address').fill(email)
    await page.getByLabel('Password', { exact: true }).fill(secret)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  }

  /** A key in the browser that unlocks itself, as a laptop's own. */
  async function withAuthenticator(visit: Visit): Promise<void> {
    const devtools = await visit.context.newCDPSession(visit.page)
    await devtools.send('WebAuthn.enable')
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
  }

  test('somebody sets an app up, and keeps the recovery codes', async () => {
    await here.open('/account')
    await section().getByRole('button', { name: 'Set up an app' }).click()
    await section()
      .getByRole('img', { name: /QR code/ })
      .waitFor()
    const secret = await section().locator('code').innerText()
    totp = new TOTP({ secret })
    await section().getByLabel('The code that the app shows now').fill('000000')
    await section().getByRole('button', { name: 'Confirm' }).click()
    await section().getByText('This code is not right').waitFor()
    await section().getByLabel('The code that the app shows now').fill(totp.generate())
    await section().getByRole('button', { name: 'Confirm' }).click()
    await section().getByRole('button', { name: 'I have kept them' }).waitFor()
    recoveryCodes = await section()
      .getByRole('list', { name: 'Recovery codes' })
      .getByRole('listitem')
      .allInnerTexts()
    expect(recoveryCodes).toHaveLength(10)
    await section().getByRole('button', { name: 'I have kept them' }).click()
    await section().getByText('10 of 10 left').waitFor()
    expect(await here.page.content()).not.toContain(recoveryCodes[0])
  })

  test('the next sign-in asks for its code', async () => {
    const visit = await portal.visit()
    await enterPassword(visit, operator.email)
    const { page } = visit
    await page.getByRole('heading', { name: 'Second step' }).waitFor()
    expect(await page.getByLabel('Code of your app').getAttribute('autocomplete')).toBe('one-time-code')
    await page.getByLabel('Code of your app').fill('000000')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByText('That did not match').waitFor()
    await page.getByLabel('Code of your app').fill(nextCode())
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('heading', { name: /Hello/ }).waitFor()
    expect(visit.complaints).toEqual([])
  })

  test('a recovery code stands in for a lost phone', async () => {
    const visit = await portal.visit()
    await enterPassword(visit, operator.email)
    const { page } = visit
    await page.getByRole('button', { name: 'Use a recovery code' }).click()
    await page.getByLabel('Recovery code').fill(recoveryCodes[0] ?? '')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('heading', { name: /Hello/ }).waitFor()
  })

  test('a passkey is registered, and signs in alone', async () => {
    const visit = here
    await withAuthenticator(visit)
    await visit.open('/account')
    await section().getByText('9 of 10 left').waitFor()
    await section().getByRole('button', { name: 'Add a passkey' }).click()
    await section().getByLabel('Name of the passkey').fill('Work laptop')
    await section().getByRole('button', { name: 'Create the passkey' }).click()
    await section().getByText('Work laptop').waitFor()
    await section().getByText('not used yet').waitFor()

    await visit.page.getByRole('button', { name: /Account menu/ }).click()
    await visit.page.getByRole('menuitem', { name: 'Sign out' }).click()
    await visit.page.waitForURL((url) => url.pathname === '/login')
    await visit.open('/login')
    const hello = visit.page.getByRole('heading', { name: /Hello/ })
    const button = visit.page.getByRole('button', { name: 'Use a passkey' })
    await hello.or(button).first().waitFor()
    // The browser may have chosen it already, from what it offers in the form.
    if (await button.isVisible()) await button.click({ timeout: 2_000 }).catch(() => {})
    await hello.waitFor()
    // Where the browser and the button both signed in, the later one ended the earlier one's session.
    await vi.waitFor(
      async () => expect(await visit.call('GET', '/api/auth/session')).toMatchObject({ method: 'passkey' }),
      20_000,
    )
  })

  if (isWhole)
    test('a proof that is too old is asked for anew, and the change goes on', async () => {
      const { page } = here
      // The server's clock can't be moved: its answer is, once.
      let refused = 0
      await page.route('**/api/users/me/passkeys/*', async (route) => {
        if (refused++) return route.continue()
        const problem = {
          type: 'urn:tenantry:error:auth.step_up_required',
          title: 'Confirm first that it is you.',
          status: 403,
          code: 'auth.step_up_required',
          requestId: 'test',
        }
        await route.fulfill({ status: 403, contentType: 'application/problem+json', json: problem })
      })
      await here.open('/account')
      await section().getByRole('button', { name: 'Remove Work laptop' }).click()
      await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click()
      const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' })
      await dialog.getByLabel('Password', { exact: true }).fill(password)
      await dialog.getByRole('button', { name: 'Use a recovery code' }).click()
      await dialog.getByLabel('Recovery code').fill(recoveryCodes[1] ?? '')
      await dialog.getByRole('button', { name: 'Confirm' }).click()
      await section().getByText('Work laptop').waitFor({ state: 'detached' })
      expect(here.complaints).toEqual([])
    })

  test('a forgotten password is replaced by mail', async () => {
    await createUser(here, 'Bob Builder', 'bob@example.org')
    const visit = await portal.visit()
    const { page } = visit
    await visit.open('/login')
    await page.getByRole('link', { name: 'Forgot your password?' }).click()
    await page.getByRole('heading', { name: 'Forgotten password' }).waitFor()
    await page.getByLabel('E-mail address').fill('bob@example.org')
    await page.getByRole('button', { name: 'Send the link' }).click()
    await page.getByRole('heading', { name: 'Look into your mail' }).waitFor()
    const { text } = await mailbox.newestTo('bob@example.org')
    const link = /http:\S+#token=[\w-]+/.exec(text)?.[0] ?? ''
    await visit.open(link)
    expect(page.url()).not.toContain('token')
    await page.getByLabel('New password').fill(newPassword)
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.waitForURL((url) => url.pathname === '/login')
    await enterPassword(visit, 'bob@example.org', newPassword)
    await page.getByRole('heading', { name: 'Hello, Bob Builder' }).waitFor()

    const again = await portal.visit()
    await again.open(link)
    await again.page.getByLabel('New password').fill(newPassword)
    await again.page.getByRole('button', { name: 'Change password' }).click()
    await again.page.getByRole('heading', { name: 'This link can’t be used any more' }).waitFor()
    expect(portal.server.logs().join('\n')).not.toContain(link.split('=')[1])
  })

  if (isWhole)
    test('who lacks a second factor that is asked for is led to setting one up', async () => {
      await createUser(here, 'Carol Danvers', 'carol@example.org')
      await here.call('POST', '/api/tenants', { name: 'Acme', slug: 'acme' })
      await here.call('POST', '/api/tenants/acme/members', { email: 'carol@example.org', role: 'member' })
      const carol = await portal.visit()
      await carol.signIn('carol@example.org')
      await carol.open('/')

      await here.open('/operator/settings')
      const settings = here.page.getByRole('region', { name: 'Two-step sign-in' })
      await settings.getByLabel('Members').check()
      await settings.getByRole('button', { name: 'Save' }).click()
      await here.page.getByText('The settings are saved').first().waitFor()

      const { page } = carol
      await carol.open('/account')
      await page.getByRole('heading', { name: 'Set up two-step sign-in' }).waitFor()
      await page.getByRole('button', { name: 'Set up an app' }).click()
      const app = new TOTP({ secret: await page.locator('code').innerText() })
      await page.getByLabel('The code that the app shows now').fill(app.generate())
      await page.getByRole('button', { name: 'Confirm' }).click()
      await page.getByRole('button', { name: 'I have kept them' }).click()
      await page.getByRole('heading', { name: 'Account' }).waitFor()
      expect(carol.complaints).toEqual([])
    })
})
