import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mailedToken, strongPassword, tokenOf } from '../harness/invitations'
import { startMailbox, type Mailbox } from '../harness/mailbox'
import { createTenant, createUser, openPortal, password, places, setUp } from './portal'
import type { Visit } from './portal'
import { expectWellMade } from './well-made'

const narrow = { viewport: { width: 360, height: 700 }, hasTouch: true, isMobile: true }
const openInvitations = (visit: Visit) =>
  visit.page.getByRole('region', { name: 'Open invitations' }).getByRole('listitem')

async function idOf(visit: Visit): Promise<string> {
  return ((await visit.call('GET', '/api/me')) as { user: { id: string } }).user.id
}

describe.each(places)('$place', ({ open, isWhole }) => {
  let mailbox: Mailbox
  let portal: Awaited<ReturnType<typeof open>>
  let owner: Visit
  /** Of every link that was mailed. */
  const tokens: string[] = []

  const lookAt = (visit: Visit) => (isWhole ? expectWellMade(visit) : Promise.resolve())

  beforeAll(async () => {
    mailbox = await startMailbox()
    portal = await open({
      env: { SMTP_URL: mailbox.url, MAIL_FROM: 'Portal <portal@example.org>' },
    })
    owner = await setUp(portal)
    await createTenant(owner, 'Acme', 'acme')
    await createUser(owner, 'Bob Builder', 'bob@example.org')
  })
  afterAll(async () => {
    await portal?.close()
    await mailbox?.stop()
  })

  async function linkTo(email: string, after = 0): Promise<string> {
    const token = await mailedToken(mailbox, email, after)
    tokens.push(token)
    return `/invitation#${token}`
  }

  async function invited(email: string, role = 'member'): Promise<string> {
    await owner.call('POST', '/api/tenants/acme/invitations', { email, role })
    return linkTo(email)
  }

  test('somebody is invited by mail, makes an account, and is in the tenant', async () => {
    const { page } = owner
    await owner.open('/tenants/acme/members')
    await page.getByText('1 of 5 seats taken').waitFor()
    await page.getByRole('button', { name: 'Invite', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Invite somebody' })
    await dialog.getByLabel('E-mail address').fill('ada@example.org')
    await dialog.getByRole('button', { name: 'Invite' }).click()
    await dialog.getByText('This person is a member already.').waitFor()
    await lookAt(owner)
    await dialog.getByLabel('E-mail address').fill('Grace@Example.org')
    await dialog.getByRole('radio', { name: 'Admin' }).click()
    await dialog.getByRole('button', { name: 'Invite' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await openInvitations(owner).filter({ hasText: 'grace@example.org' }).getByText('Sent').waitFor()
    await page.getByText('1 of 5 seats taken, 1 held by an invitation').waitFor()
    await lookAt(owner)

    const link = await linkTo('grace@example.org')
    const grace = await portal.visit(narrow)
    await grace.open(link)
    await grace.page.getByRole('heading', { name: 'Join Acme' }).waitFor()
    await grace.page.getByText('Ada Lovelace invites').waitFor()
    expect(grace.page.url()).toBe(`${portal.server.url}/invitation`)
    await lookAt(grace)
    await grace.page.getByLabel('Your name').fill('Grace Hopper')
    await grace.page.getByLabel('Password', { exact: true }).fill('passwordpassword')
    await grace.page.getByRole('button', { name: 'Make account and join' }).click()
    await grace.page.locator('input[name=password][aria-invalid=true]').waitFor()
    await grace.page.getByLabel('Password', { exact: true }).fill(strongPassword)
    await grace.page.getByRole('button', { name: 'Make account and join' }).click()
    await grace.page.waitForURL((url) => url.pathname === '/tenants/acme')
    await grace.page.getByRole('heading', { name: 'Acme', exact: true }).waitFor()
    await grace.open('/tenants/acme/members')
    const row = grace.page.getByRole('row').filter({ hasText: 'Grace Hopper' })
    await row.getByText('You', { exact: true }).waitFor()
    await row.getByText('By invitation').filter({ visible: true }).waitFor()
    await lookAt(grace)
    await grace.open(link)
    await grace.page.getByRole('heading', { name: 'This invitation is over' }).waitFor()
    expect(grace.complaints).toEqual([])
  })

  test('somebody with an account signs in, comes back, and joins by one button', async () => {
    const link = await invited('bob@example.org')
    const bob = await portal.visit(narrow)
    await bob.open(link)
    await bob.page.getByText('Sign in with this address to accept.').waitFor()
    await lookAt(bob)
    await bob.page.getByRole('link', { name: 'Sign in' }).click()
    await bob.page.getByLabel('E-mail address').fill('bob@example.org')
    await bob.page.getByLabel('Password', { exact: true }).fill(password)
    await bob.page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await bob.page.getByText('You are signed in as bob@example.org.').waitFor()
    expect(bob.page.url()).toBe(`${portal.server.url}/invitation`)
    await lookAt(bob)
    await bob.page.getByRole('button', { name: 'Join Acme' }).click()
    await bob.page.waitForURL((url) => url.pathname === '/tenants/acme')
    await bob.page.getByRole('heading', { name: 'Acme', exact: true }).waitFor()
    expect(bob.complaints).toEqual([])
  })

  test('somebody else is told so, signs out, and is asked again', async () => {
    const link = await invited('carol@example.org')
    const other = await portal.visit(narrow)
    await other.signIn('bob@example.org')
    await other.open(link)
    await other.page.getByText('You are signed in as bob@example.org.').waitFor()
    await lookAt(other)
    await other.page.getByRole('button', { name: 'Sign out' }).click()
    await other.page.getByRole('button', { name: 'Make account and join' }).waitFor()
    expect(other.page.url()).toBe(`${portal.server.url}/invitation`)
    expect(other.complaints).toEqual([])
  })

  test('an invitation is sent again and revoked: the former links are over', async () => {
    const first = await invited('dora@example.org')
    await owner.open('/tenants/acme/members')
    const item = openInvitations(owner).filter({ hasText: 'dora@example.org' })
    await item.getByRole('button', { name: 'Send again' }).click()
    await owner.page.getByText('The invitation is on its way').first().waitFor()
    const second = await linkTo('dora@example.org', 1)

    const dora = await portal.visit(narrow)
    await dora.open(first)
    await dora.page.getByRole('heading', { name: 'This invitation is over' }).waitFor()
    await lookAt(dora)
    // Another link, pasted into the same tab, reloads nothing by itself.
    await dora.page.evaluate((hash) => (location.hash = hash), second.split('#')[1] ?? '')
    await dora.page.getByRole('heading', { name: 'Join Acme' }).waitFor()

    await item.getByRole('button', { name: 'Revoke' }).click()
    const question = owner.page.getByRole('alertdialog')
    await question.getByRole('button', { name: 'Revoke invitation' }).click()
    await item.waitFor({ state: 'detached' })
    await dora.page.getByLabel('Your name').fill('Dora')
    await dora.page.getByLabel('Password', { exact: true }).fill(strongPassword)
    await dora.page.getByRole('button', { name: 'Make account and join' }).click()
    await dora.page.getByRole('heading', { name: 'This invitation is over' }).waitFor()
    expect(dora.complaints).toEqual([])
  })

  test('a page without an invitation says so', async () => {
    const nobody = await portal.visit()
    expect(await nobody.open('/invitation')).toBe(200)
    await nobody.page.getByRole('heading', { name: 'This invitation is over' }).waitFor()
    await nobody.page.getByRole('link', { name: 'To the start page' }).click()
    await nobody.page.getByRole('heading', { name: /Sign in to/ }).waitFor()
  })

  test('a member leaves, and is led home', async () => {
    const bob = await portal.visit()
    await bob.signIn('bob@example.org')
    await owner.call('PATCH', `/api/tenants/acme/members/${await idOf(bob)}`, { role: 'admin' })
    await bob.open('/tenants/acme/members')
    await bob.page.getByRole('button', { name: 'Actions for Bob Builder' }).click()
    await bob.page.getByRole('menuitem', { name: 'Leave' }).click()
    await bob.page.getByRole('alertdialog').getByRole('button', { name: 'Leave tenant' }).click()
    await bob.page.getByText('You are in no tenant yet').waitFor()
    expect(bob.complaints).toEqual([])
  })

  test('no log holds a token', () => {
    expect(tokens.length).toBeGreaterThan(4)
    const log = portal.server.logs().join('\n')
    expect(log).toContain('/api/invitations/')
    for (const token of tokens) expect(log).not.toContain(token)
    expect(owner.complaints).toEqual([])
  })
})

test('where there is no mail server the link is handed over', async () => {
  const quiet = await openPortal()
  try {
    const boss = await setUp(quiet, narrow)
    await createTenant(boss, 'Acme', 'acme')
    await boss.open('/tenants/acme/members')
    const { page } = boss
    await page.getByRole('button', { name: 'Invite', exact: true }).click()
    await page.getByRole('dialog').getByLabel('E-mail address').fill('eve@example.org')
    await page.getByRole('dialog').getByRole('button', { name: 'Invite' }).click()
    const dialog = page.getByRole('dialog', { name: 'Hand this link over' })
    const link = await dialog.getByRole('code').or(dialog.locator('code')).first().textContent()
    await expectWellMade(boss)
    await dialog.getByRole('button', { name: 'Done' }).click()
    await openInvitations(boss).getByText('Link handed over').waitFor()
    await openInvitations(boss).getByRole('button', { name: 'New link' }).click()
    await dialog.waitFor()
    const newer = await dialog.locator('code').textContent()
    expect(tokenOf(newer ?? '')).toHaveLength(43)
    expect(newer).not.toBe(link)
    const eve = await quiet.visit()
    await eve.open(new URL(newer ?? '').pathname + new URL(newer ?? '').hash)
    await eve.page.getByRole('button', { name: 'Make account and join' }).waitFor()
    expect(boss.complaints).toEqual([])
  } finally {
    await quiet.close()
  }
})
