import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ServiceName } from '#shared/contracts/provisioning'
import { ada, beginLife, bob, carol, dave, names, type Life } from './life'
import { places } from './portal'

// What a new operator does with one tenant from its first day to its last, in a browser, with the services of the fault
// lab. After each act the services themselves are looked at, not the pages alone.
describe.each(places)('the life of a tenant, $place', ({ open }) => {
  let life: Life
  beforeAll(async () => {
    life = await beginLife(open)
  })
  afterAll(() => life?.end())

  const space = { name: 'Harbour Logistics', gibibytes: 10, isDisabled: false }

  test('a tenant is created, and watched while it comes into being', async () => {
    await life.boss.open('/operator/tenants')
    await life.button('New tenant').first().click()
    await life.dialog().getByLabel('Name', { exact: true }).fill('Harbour Logistics')
    await life.dialog().getByLabel('Short name').fill('harbour')
    await life.dialog().getByText('This short name is free.').waitFor()
    life.gate.close()
    await life.dialog().getByRole('button', { name: 'Create tenant' }).click()
    await life.boss.page.getByRole('heading', { name: 'Harbour Logistics' }).waitFor()
    await life.boss.page.locator('[data-connection=live]').waitFor()
    await life.step('mail/onboarding').getByText('Waits for').waitFor()
    life.gate.open()
    await life.step('mail/onboarding').getByText('Done').waitFor()
    await life.main().getByText('Active', { exact: true }).waitFor()
    expect(life.held()).toEqual({
      groups: [[ada]],
      domains: [],
      mailboxes: [],
      spaces: [{ ...space, people: [ada] }],
    })
    expect(life.mailsTo(ada)).toHaveLength(1)
  })

  test('two members are added, and get what members have', async () => {
    await life.tab('Members')
    for (const [email, role] of [
      [bob, 'Member'],
      [carol, 'Admin'],
    ] as const) {
      await life.button('Add member').click()
      await life.dialog().getByLabel('E-mail address').fill(email)
      await life
        .dialog()
        .getByRole('radio', { name: new RegExp(`^${role}`) })
        .click()
      await life.dialog().getByRole('button', { name: 'Add member' }).click()
      await life.boss.page.getByRole('row').filter({ hasText: names[email] }).waitFor()
    }
    await life.settled('active')
    expect(life.held()).toMatchObject({
      groups: [[ada, bob, carol]],
      spaces: [{ people: [ada, bob, carol] }],
    })
    for (const email of [ada, bob, carol]) expect(life.mailsTo(email)).toHaveLength(1)
  })

  test('a domain is verified by its record, and everybody gets a mailbox on it', async () => {
    await life.tab('Domains')
    await life.button('Add the first domain').click()
    await life.dialog().getByLabel('Domain').fill('harbour.example')
    await life.dialog().getByRole('button', { name: 'Add domain' }).click()
    const region = life.region('harbour.example')
    await region.getByRole('button', { name: 'Verify' }).click()
    await region.getByText('The TXT record was not found').waitFor()
    await life.byHand('dns', 'publish', await life.challengeOf('harbour.example'))
    await region.getByRole('button', { name: 'Verify' }).click()
    await region.getByText('Verified', { exact: true }).waitFor()
    await life.settled('active')
    expect(life.held()).toMatchObject({
      domains: ['harbour.example ed25519 rsa'],
      mailboxes: ['ada@harbour.example open 2', 'bob@harbour.example open 2', 'carol@harbour.example open 2'],
    })
    await life.recordsShow('Lets others check signatures (DKIM)')
    await region.getByText('All records are as they should be').waitFor()
  })

  test('what was changed by hand at every service is found, planned and put right', async () => {
    expect(await life.compare()).toEqual([])
    const before = life.held()
    const { authentik, files } = life.lab.fakes
    const group = authentik.groups().find(({ name }) => name === 'harbour')
    const drive = files.drives().find(({ name }) => name === space.name)
    await life.byHand('authentik', 'leave-group', { who: `${group?.pk} ${group?.users[1]}` })
    await life.byHand('stalwart', 'remove-account', { email: 'bob@harbour.example' })
    await life.byHand('stalwart', 'lock-account', { email: 'carol@harbour.example' })
    await life.byHand('files', 'rename-space', { id: drive?.id ?? '', name: 'Somebody’s files' })
    await life.byHand('files', 'quota', { id: drive?.id ?? '', gibibytes: '1' })
    await life.byHand('dns', 'differ', { domain: 'harbour.example', way: 'elsewhere' })

    const found = (await life.compare()).map(({ service, kind, what }) => `${service} ${kind} ${what}`).sort()
    expect(found).toEqual([
      'authentik members changed',
      'ocis space changed',
      'stalwart account changed',
      'stalwart account missing',
    ])
    await life.boss.open('/operator/board')
    await life.region('Drift').locator('[data-drift]').filter({ hasText: 'bob@harbour.example' }).waitFor()
    await life.boss.open('/tenants/harbour')
    await life.tab('Drift 4 open')
    for (const [service, count] of Object.entries({ authentik: 1, stalwart: 2, ocis: 1 }))
      await expect.poll(() => life.drifted(service).count()).toBe(count)

    await life.tab('Plan')
    const planned = (service: ServiceName) => life.main().locator(`[data-service=${service}] [data-action]`)
    await planned('authentik').filter({ hasText: bob }).waitFor()
    await planned('stalwart').filter({ hasText: 'bob@harbour.example' }).getByText('Create').waitFor()
    await planned('stalwart').filter({ hasText: 'carol@harbour.example' }).getByText('Change').waitFor()
    await planned('ocis').filter({ hasText: 'Harbour Logistics' }).getByText('Change').waitFor()
    expect(life.held()).not.toEqual(before)
    await life.button('Carry out this plan').click()
    await life.boss.page.waitForURL('**/tenants/harbour/provisioning')
    await life.settled('active')
    expect(life.held()).toEqual(before)
    await life.main().getByText('Somebody asked for it').first().waitFor()
    expect(await life.compare()).toEqual([])

    await life.tab('Domains')
    await life.recordsShow('Different')
    await life.main().getByText('10 mx.elsewhere.example').waitFor()
    await life.byHand('dns', 'differ', { domain: 'harbour.example', way: 'right' })
  })

  test('what drifted is repaired by a run that is watched, and accepted where it is right as it is', async () => {
    const before = life.held()
    const drive = life.lab.fakes.files.drives().find(({ name }) => name === space.name)
    await life.byHand('files', 'rename-space', { id: drive?.id ?? '', name: 'Somebody’s files' })
    await life.byHand('stalwart', 'lock-account', { email: 'carol@harbour.example' })
    await life.compare()
    await life.boss.open('/tenants/harbour/drift')
    await life
      .drifted('ocis')
      .getByRole('button', { name: /^Accept/ })
      .click()
    await life.question().getByRole('button', { name: 'Accept' }).click()
    await life.boss.page.getByText('It is accepted').first().waitFor()
    await life.boss.open('/tenants/harbour/drift?status=accepted')
    await life.drifted('ocis').waitFor()
    await life.boss.open('/tenants/harbour/drift')
    expect(life.held()).not.toEqual(before)

    await life
      .drifted('stalwart')
      .getByRole('button', { name: /^Repair/ })
      .click()
    await life.question().getByRole('button', { name: 'Repair' }).click()
    await life.boss.page.waitForURL('**/tenants/harbour/runs/*')
    await life.boss.page.locator('[data-run=done]').waitFor()
    await life.settled('active')
    // A run brings all of the tenant in line, as is said before it is asked for.
    expect(life.held()).toEqual(before)
    await life.compare()
    await life.tab('Drift')
    await life.main().getByText('Nothing drifted').waitFor()
  })

  test('what somebody else has is refused with words, and taken up when it is out of the way', async () => {
    await life.byHand('authentik', 'add-group', { name: 'globex' })
    const [strange] = life.lab.fakes.authentik.groups().filter(({ name }) => name === 'globex')
    await life.boss.open('/operator/tenants')
    await life.button('New tenant').first().click()
    await life.dialog().getByLabel('Name', { exact: true }).fill('Globex')
    await life.dialog().getByText('This short name is free.').waitFor()
    await life.dialog().getByRole('button', { name: 'Create tenant' }).click()
    await life.boss.page.waitForURL('**/tenants/globex')
    await life.step('authentik/group').getByText('Failed').waitFor()
    await life.step('authentik/group').getByText('globex').waitFor()
    await life.step('ocis/space').getByText('Done').waitFor()
    expect(life.lab.fakes.authentik.groups().filter(({ name }) => name === 'globex')).toEqual([strange])
    await life.tab('Plan')
    await life.main().locator('[data-service=authentik]').getByText('Refused').waitFor()

    await life.byHand('authentik', 'remove-group', { pk: strange?.pk ?? '' })
    await life.tab('Provisioning')
    await life.button('Reconcile').click()
    await life.step('mail/onboarding').getByText('Done').waitFor()
    await life.settled('active', 'globex')
    expect(
      life.lab.fakes.authentik
        .groups()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['globex', 'harbour'])
  })

  test('a mail domain that somebody else has at the mail server is left alone', async () => {
    await life.byHand('stalwart', 'add-domain', { name: 'taken.example' })
    await life.boss.open('/tenants/harbour/domains')
    await life.button('Add domain').click()
    await life.dialog().getByLabel('Domain').fill('taken.example')
    await life.dialog().getByRole('button', { name: 'Add domain' }).click()
    const region = life.region('taken.example')
    await region.waitFor()
    await life.byHand('dns', 'publish', await life.challengeOf('taken.example'))
    await region.getByRole('button', { name: 'Verify' }).click()
    await region.getByText('Verified', { exact: true }).waitFor()
    await life.tab('Provisioning')
    await life.step('stalwart/domains').getByText('Failed').waitFor()
    await life.step('stalwart/domains').getByText('taken.example').waitFor()
    const [strange] = life.lab.fakes.stalwart.domains().filter(({ name }) => name === 'taken.example')
    expect(strange).toMatchObject({ description: null, keys: [] })

    await life.tab('Domains')
    await region.getByRole('button', { name: 'Remove' }).click()
    await life.question().getByRole('button', { name: 'Remove domain' }).click()
    await region.waitFor({ state: 'detached' })
    await life.settled('active')
    expect(life.lab.fakes.stalwart.domains().map(({ name }) => name)).toEqual([
      'harbour.example',
      'taken.example',
    ])
  })

  test('a service that is down says so, and heals while somebody looks', async () => {
    await life.tab('Provisioning')
    const loaded = await life.boss.page.evaluate(() => performance.timeOrigin)
    const { faults } = life.lab.fakes.files
    faults.add({ kind: 'answer', status: 503, body: '<h1>down</h1>', times: 'always' })
    await life.button('Reconcile').click()
    await life.step('ocis/space').getByText('Failed').waitFor()
    await life.step('ocis/space').getByText('Next attempt').waitFor()
    await life.step('stalwart/accounts').getByText('Done').waitFor()
    faults.clear()
    await life.step('ocis/members').getByText('Done').waitFor({ timeout: 60_000 })
    expect(await life.boss.page.evaluate(() => performance.timeOrigin)).toBe(loaded)
    await life.settled('active')
  })

  test('a welcome mail that was refused is sent again', async () => {
    life.lab.fakes.mailbox.refuse(550)
    await life.boss.call('POST', '/api/tenants/harbour/members', { email: dave })
    await life.step('mail/onboarding').getByText(`${dave} got no mail`).waitFor()
    life.lab.fakes.mailbox.refuse(undefined)
    expect(life.mailsTo(dave)).toEqual([])
    await life.button('Send the welcome mail again').click()
    expect((await life.lab.fakes.mailbox.newestTo(dave)).text).toContain('Harbour Logistics')
    await life.button('Send the welcome mail again').waitFor({ state: 'detached' })
    for (const email of Object.keys(names)) expect(life.mailsTo(email).length).toBe(email === ada ? 2 : 1)
  })

  test('it is suspended, and resumed', async () => {
    const before = life.held()
    await life.tab('Settings')
    await life.button('Suspend…').click()
    await life.question().getByRole('button', { name: 'Suspend tenant' }).click()
    await life.boss.page.getByText('This tenant is suspended.').waitFor()
    await life.settled('suspended')
    expect(life.held()).toEqual({
      ...before,
      groups: [[]],
      mailboxes: before.mailboxes.map((mailbox) => mailbox.replace('open', 'closed')),
      spaces: [{ ...before.spaces[0], isDisabled: true }],
    })
    await life.button('Resume').click()
    await life.boss.page.getByText('This tenant is suspended.').waitFor({ state: 'detached' })
    await life.settled('active')
    expect(life.held()).toEqual(before)
  })

  test('a member is removed, and the receipt says what was read after that', async () => {
    const visit = await life.portal.visit()
    await visit.signIn(bob)
    expect(await visit.open('/tenants/harbour')).toBe(200)
    await life.tab('Members')
    await life.button('Actions for Bob Builder').click()
    await life.boss.page.getByRole('menuitem', { name: 'Remove' }).click()
    await life.question().getByRole('button', { name: 'Remove member' }).click()
    const receipts = life.region('Removed access')
    await receipts.getByText('Bob Builder', { exact: true }).waitFor()
    await receipts.getByText('Access removed').waitFor()
    await receipts.getByText('bob@harbour.example: sign-in off, mail kept.').waitFor()
    for (const service of ['Sign-in and groups:', 'E-mail:', 'Files:'])
      await receipts.getByText(service).waitFor()
    await life.settled('active')
    expect(life.held()).toMatchObject({
      groups: [[ada, carol, dave]],
      mailboxes: expect.arrayContaining(['bob@harbour.example closed 2', 'dave@harbour.example open 2']),
      spaces: [{ people: [ada, carol, dave] }],
    })
    expect(await visit.open('/tenants/harbour')).toBe(404)
    await visit.context.close()
  })

  test('a larger plan moves every quota; a smaller one that does not fit is refused with the reasons', async () => {
    await life.tab('Settings')
    await life.boss.page.getByRole('radio', { name: 'Pro' }).click()
    await life.button('Save plan').click()
    await life.boss.page.getByText('The plan is now Pro').first().waitFor()
    await life.settled('active')
    expect(life.held()).toMatchObject({
      mailboxes: expect.arrayContaining(['ada@harbour.example open 20', 'carol@harbour.example open 20']),
      spaces: [{ gibibytes: 500 }],
    })
    const [drive] = life.lab.fakes.files.drives().filter(({ name }) => name === space.name)
    const fill = async (files: string, mail: string) => {
      await life.byHand('files', 'fill-space', { id: drive?.id ?? '', gibibytes: files })
      await life.byHand('stalwart', 'fill-account', { email: 'ada@harbour.example', gibibytes: mail })
    }
    await fill('20', '3')
    await life.boss.page.getByRole('radio', { name: 'MVP' }).click()
    await life.button('Save plan').click()
    await life.main().getByText('The files of Harbour Logistics take 20 GiB, and MVP has 10 GiB.').waitFor()
    await life.main().getByText('The mailbox ada@harbour.example takes 3 GiB').waitFor()
    expect(life.held()).toMatchObject({ spaces: [{ gibibytes: 500 }] })

    await fill('1', '1')
    await life.button('Save plan').click()
    await life.boss.page.getByText('The plan is now MVP').first().waitFor()
    await life.settled('active')
    expect(life.held()).toMatchObject({ spaces: [{ gibibytes: 10 }] })
  })

  test('it is archived with an export, and restored', async () => {
    const before = life.held()
    await life.button('Archive…').click()
    await life.question().getByRole('button', { name: 'Archive tenant' }).click()
    await life.boss.page.getByText('This tenant is archived.').waitFor()
    await life.settled('archived')
    expect(life.held()).toMatchObject({ groups: [[]], spaces: [{ isDisabled: true }] })
    const downloading = life.boss.page.waitForEvent('download')
    await life.boss.page.getByRole('button', { name: 'Download the export' }).click()
    expect((await downloading).suggestedFilename()).toMatch(/^harbour-\d{4}-\d{2}-\d{2}\.json$/)
    await life.button('Restore').click()
    await life.boss.page.getByText('This tenant is archived.').waitFor({ state: 'detached' })
    await life.settled('active')
    expect(life.held()).toEqual(before)
  })

  async function deleteByItsName(): Promise<void> {
    await life.button('Delete tenant…').click()
    await life.question().getByRole('textbox').fill('harbour')
    await life.question().getByRole('button', { name: 'Delete tenant' }).click()
    await life.boss.page.getByText('This tenant is going to be deleted').first().waitFor()
    await life.settled('deleting')
  }

  test('it is deleted, and restored within its time of grace', async () => {
    const before = life.held()
    await deleteByItsName()
    expect(life.held()).toMatchObject({
      groups: [[]],
      domains: before.domains,
      spaces: [{ isDisabled: true }],
    })
    await life.button('Restore').click()
    await life.boss.page
      .getByText('This tenant is going to be deleted')
      .first()
      .waitFor({ state: 'detached' })
    await life.settled('active')
    expect(life.held()).toEqual(before)
  })

  test('it is deleted again, and nothing is left anywhere when its time of grace is over', async () => {
    await life.portal.server.restart({ DELETE_GRACE_SECONDS: '1' })
    await life.boss.open('/tenants/harbour/settings')
    await deleteByItsName()
    // Whoever starts looks for what is overdue.
    await life.portal.server.restart()
    const gone = async () => (await life.boss.context.request.get('/api/tenants/harbour')).status()
    await expect.poll(gone, { timeout: 60_000, interval: 200 }).toBe(404)
    expect(life.held()).toEqual({
      groups: [],
      domains: ['taken.example'],
      mailboxes: [],
      spaces: [],
    })
    expect(life.lab.fakes.authentik.groups().map(({ name }) => name)).toEqual(['globex'])
    expect(await life.boss.open('/tenants/harbour')).toBe(404)
    await life.boss.open('/operator/audit')
    await life.main().getByText('Tenant purged').first().waitFor()
  })

  test('no service was asked for anything that its schema does not know, and the console is quiet', () => {
    expect(life.lab.services.map(({ faults }) => faults?.violations() ?? [])).toEqual(
      life.lab.services.map(() => []),
    )
    expect(life.boss.complaints).toEqual([])
  })
})
