import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startOcisFake, type OcisFake } from '#server/integrations/ocis/fake'
import { createTenant, createUser, openPortal, openReplicatedPortal, setUp } from './portal'
import type { BrowserPortal, Visit } from './portal'
import { startLine, type Line } from './line'
import { expectWellMade } from './well-made'

const narrow = { viewport: { width: 360, height: 700 }, hasTouch: true, isMobile: true }

describe.each([
  { on: 'SQLite, one process', open: openPortal },
  { on: 'PostgreSQL, two replicas', open: openReplicatedPortal },
])('drift of a tenant, on $on', ({ open }) => {
  let files: OcisFake
  let line: Line
  let portal: Omit<BrowserPortal, 'server'> & { server: { url: string } }
  let boss: Visit
  let admin: Visit
  let member: Visit

  beforeAll(async () => {
    files = await startOcisFake()
    line = await startLine()
    const { clientId, clientSecret } = files.credentials
    portal = await open({
      line,
      env: {
        ...{ OCIS_API_URL: files.url, OCIS_TOKEN_URL: files.tokenUrl },
        ...{ OCIS_CLIENT_ID: clientId, OCIS_CLIENT_SECRET: clientSecret },
        SWEEP_INTERVAL_SECONDS: '0',
      },
    })
    boss = await setUp(portal)
    await createTenant(boss, 'Acme', 'acme')
    admin = await joined('Bob Builder', 'admin')
    member = await joined('Carol Danvers', 'member', narrow)
    await settled()
  })
  afterAll(async () => {
    await portal?.close()
    await files?.stop()
  })

  async function joined(name: string, role: string, options?: typeof narrow): Promise<Visit> {
    const email = `${role}@example.org`
    await createUser(boss, name, email)
    await boss.call('POST', '/api/tenants/acme/members', { email, role })
    const visit = await portal.visit(options)
    await visit.signIn(email)
    return visit
  }

  /** Calls past the line, which may be cut. */
  const past = (by: Visit, method: 'GET' | 'POST', path: string, body?: unknown) =>
    by.call(method, portal.server.url + path, body)

  /** Waits until nothing is worked on. */
  const settled = () =>
    vi.waitFor(
      async () => {
        const { items } = (await past(boss, 'GET', '/api/tenants/acme/runs')) as {
          items: { status: string }[]
        }
        expect(items.map(({ status }) => status)).not.toContain('running')
      },
      { timeout: 60_000, interval: 200 },
    )

  async function compare(): Promise<void> {
    const { runId } = (await boss.call('POST', '/api/operator/sweep')) as { runId: string }
    const status = async () => {
      const { items } = (await boss.call('GET', '/api/operator/sweep')) as {
        items: { id: string; status: string }[]
      }
      return items.find(({ id }) => id === runId)?.status
    }
    await expect.poll(status, { timeout: 60_000 }).toBe('done')
  }

  function group() {
    const [found] = portal.authentik.groups()
    if (!found) throw new Error('There is no group')
    return found
  }

  const thing = ({ page }: Visit, service: string) =>
    page.locator(`[data-service=${service}] [data-drift]`).first()
  const step = ({ page }: Visit, key: string) => page.locator(`[data-step="${key}"]`)

  test('shows on its tab and by service, to each what they may do', async () => {
    await admin.open('/tenants/acme/drift')
    await admin.page.getByText('Nothing drifted').waitFor()

    portal.authentik.changeGroup(group().pk, { users: [] })
    files.changeDrive(files.drives()[0]?.id ?? '', { name: 'By hand' })
    await compare()
    await admin.open('/tenants/acme')
    await admin.page.getByRole('link', { name: 'Drift 2 open' }).click()
    await thing(admin, 'authentik').getByText('Changed', { exact: true }).waitFor()
    await thing(admin, 'ocis').getByText('Somebody changed it at the service.').waitFor()
    expect(await admin.page.getByRole('button', { name: /^Repair/ }).count()).toBe(2)
    expect(await admin.page.getByRole('button', { name: /^(Accept|Ignore)/ }).count()).toBe(0)
    await expectWellMade(admin)

    await member.open('/tenants/acme/drift')
    await thing(member, 'ocis').waitFor()
    expect(await member.page.getByRole('button', { name: /^(Repair|Accept|Ignore)/ }).count()).toBe(0)
    await expectWellMade(member)
  })

  test('is ignored, found again and opened again', async () => {
    const { page } = boss
    await boss.open('/tenants/acme/drift')
    await thing(boss, 'ocis')
      .getByRole('button', { name: /^Ignore/ })
      .click()
    await page.getByText('neither counted nor listed as open').waitFor()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Ignore' }).click()
    await thing(boss, 'ocis').waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'Drift 1 open' }).waitFor()
    await page.getByRole('link', { name: 'Ignored' }).click()
    await thing(boss, 'ocis').getByText('Ignored', { exact: true }).waitFor()
    await expectWellMade(boss)
    await thing(boss, 'ocis')
      .getByRole('button', { name: /^Reopen/ })
      .click()
    await page.getByText('Nothing is ignored').waitFor()
    await page.getByRole('link', { name: 'Drift 2 open' }).waitFor()
  })

  test('is repaired by a run that is watched as it goes, over cuts of the connection', async () => {
    const { page } = admin
    await admin.open('/tenants/acme/drift')
    portal.gate.close()
    await thing(admin, 'authentik')
      .getByRole('button', { name: /^Repair/ })
      .click()
    await page.getByText('not this one thing alone').waitFor()
    await expectWellMade(admin)
    await page.getByRole('alertdialog').getByRole('button', { name: 'Repair' }).click()
    await page.waitForURL('**/tenants/acme/runs/*')
    await page.locator('[data-run=running]').waitFor()
    await page.getByText('A service had drifted').waitFor()
    await step(admin, 'authentik/group').getByText('Working').waitFor()

    // All of the rest of the run happens while this browser does not reach the portal.
    line.cut()
    await page.locator('[data-connection=interrupted]').waitFor()
    portal.gate.open()
    await settled()
    await step(admin, 'authentik/group').getByText('Working').waitFor()
    line.mend()
    await step(admin, 'authentik/group').getByText('Done').waitFor({ timeout: 60_000 })
    await page.locator('[data-run=done]').waitFor()
    await page.locator('[data-reading="authentik/group"]').getByText('acme').waitFor()
    await page.locator('[data-reading="ocis/space"]').getByText('Acme').waitFor()
    expect(await shownSteps(admin)).toEqual(await realSteps(boss))
    await expectWellMade(admin)

    expect(group().users).toHaveLength(3)
    expect(files.drives()[0]?.name).toBe('Acme')
    await page.getByRole('link', { name: 'Drift', exact: true }).click()
    await page.getByText('Nothing drifted').waitFor()
    await page.getByRole('link', { name: 'Over', exact: true }).click()
    await thing(admin, 'authentik').getByText('Over', { exact: true }).waitFor()
    await page.getByRole('link', { name: 'Provisioning' }).click()
    await page.getByRole('link', { name: 'A service had drifted' }).click()
    await page.locator('[data-run=done]').waitFor()
  })

  /** Each step's state as the page shows it, and as the API tells it. */
  const shownSteps = ({ page }: Visit) =>
    page
      .locator('[data-step]')
      .evaluateAll((rows) =>
        Object.fromEntries(rows.map((row) => [row.dataset.step, row.dataset.status] as const)),
      )
  async function realSteps(by: Visit) {
    const { steps } = (await past(by, 'GET', '/api/tenants/acme/provisioning')) as {
      steps: { service: string; step: string; status: string }[]
    }
    return Object.fromEntries(steps.map(({ service, step, status }) => [`${service}/${step}`, status]))
  }

  test('no change of a step is missed, wherever the connection is cut', async () => {
    const { page } = boss
    const group = 'authentik/group'
    const refused = {
      kind: 'answer',
      status: 403,
      body: { detail: 'Token invalid' },
      times: 'always',
    } as const
    const reconcile = () => past(admin, 'POST', '/api/tenants/acme/reconcile', {})
    const cuts: { before?: () => Promise<unknown>; meanwhile: () => unknown; ends: string }[] = [
      {
        // Before the run: none of it was seen.
        async meanwhile() {
          portal.authentik.faults.add(refused)
          await reconcile()
        },
        ends: 'error',
      },
      {
        // While a step works.
        async before() {
          portal.authentik.faults.clear()
          portal.gate.close()
          await reconcile()
          await step(boss, group).getByText('Working').waitFor()
        },
        meanwhile: () => portal.gate.open(),
        ends: 'ok',
      },
      {
        // When a step has failed.
        async before() {
          portal.authentik.faults.add(refused)
          await reconcile()
          await step(boss, group).getByText('Failed').waitFor()
        },
        async meanwhile() {
          portal.authentik.faults.clear()
          await reconcile()
        },
        ends: 'ok',
      },
    ]
    await boss.open('/tenants/acme/provisioning')
    for (const { before, meanwhile, ends } of cuts) {
      await page.locator('[data-connection=live]').waitFor({ timeout: 60_000 })
      await before?.()
      line.cut()
      await page.locator('[data-connection=interrupted]').waitFor()
      await meanwhile()
      await expect.poll(async () => (await realSteps(admin))[group], { timeout: 60_000 }).toBe(ends)
      await settled()
      const real = await realSteps(admin)
      expect(await shownSteps(boss)).not.toEqual(real)
      line.mend()
      await expect.poll(() => shownSteps(boss), { timeout: 60_000 }).toEqual(real)
    }
    expect([boss.complaints, admin.complaints, member.complaints]).toEqual([[], [], []])
  })
})
