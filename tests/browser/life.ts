import { expect } from 'vitest'
import type { ServiceName } from '#shared/contracts/provisioning'
import { startServices, type Lab } from '../../scripts/lab/services'
import { startGate } from '../harness/gate'
import { createUser, setUp, type places, type Visit } from './portal'

export const gibibyte = 2 ** 30
export const ada = 'ada@example.org'
export const bob = 'bob@example.org'
export const carol = 'carol@example.org'
export const dave = 'dave@example.org'
export const names = {
  [ada]: 'Ada Lovelace',
  [bob]: 'Bob Builder',
  [carol]: 'Carol Danvers',
  [dave]: 'Dave Lister',
}

/** Something at a service that is not as it was left. */
interface Found {
  service: ServiceName
  kind: string
  name: string
  what: string
}

export type Life = Awaited<ReturnType<typeof beginLife>>

/**
 * A portal over the services of the fault lab, its operator's browser, and people who can become members of the tenant
 * `harbour` and have signed in to the files before. What the services hold is read from themselves.
 */
export async function beginLife(open: (typeof places)[number]['open']) {
  const lab = await startServices({ port: 0, stalwart: 'jmap', files: 'ocis', delayMs: 40 })
  const gate = await startGate(lab.environment.AUTHENTIK_API_URL ?? '')
  const portal = await open({ env: { ...lab.environment, AUTHENTIK_API_URL: gate.url } })
  const boss = await setUp(portal)
  // A run goes through seven steps at four services while other work may keep the machine busy.
  boss.context.setDefaultTimeout(60_000)
  for (const [email, name] of Object.entries(names)) {
    if (email !== ada) await createUser(boss, name, email)
    lab.fakes.files.addUser({ mail: email, displayName: name })
  }
  return {
    lab,
    portal,
    boss,
    /** Before Authentik; open at first. */
    gate,
    ...atServices(lab),
    ...inThePortal(boss),
    async end() {
      await portal.close()
      await gate.stop()
      await lab.stop()
    },
  }
}

function atServices(lab: Lab) {
  const { authentik, stalwart, files, mailbox } = lab.fakes
  return {
    /** All that the services hold of the tenant. */
    held() {
      const emailOf = new Map(authentik.users().map(({ pk, email }) => [pk, email]))
      const mailOf = new Map(files.users().map(({ id, mail }) => [id, mail]))
      const groups = authentik.groups().filter(({ name }) => name === 'harbour')
      const drives = files.drives().filter(({ name }) => name !== 'Globex')
      return {
        groups: groups.map(({ users }) => users.map((pk) => emailOf.get(pk)).sort()),
        domains: stalwart.domains().map(({ name, keys }) => [name, ...keys].join(' ')),
        /** Address, whether it can be signed in to, and its quota in GiB. */
        mailboxes: stalwart
          .accounts()
          .map(({ email, canSignIn, quotaBytes }) =>
            [email, canSignIn ? 'open' : 'closed', (quotaBytes ?? 0) / gibibyte].join(' '),
          ),
        spaces: drives.map(({ name, total, isDisabled, grants }) => ({
          name,
          gibibytes: total / gibibyte,
          isDisabled,
          people: grants.flatMap(({ holderId }) => mailOf.get(holderId) ?? []).sort(),
        })),
      }
    },

    /** Changes something by hand at a service, as the lab's page does. */
    async byHand(service: string, drift: string, values: Record<string, string>): Promise<void> {
      const drifts = lab.services.find(({ name }) => name === service)?.drifts()
      const found = drifts?.find(({ name }) => name === drift)
      if (!found) throw new Error(`The lab has no ${service}/${drift}`)
      await found.act(values)
    },

    mailsTo: (address: string) => mailbox.mails().filter(({ to }) => to.includes(address)),
  }
}

function inThePortal(boss: Visit) {
  const { page } = boss
  const read = <Shape>(path: string) => boss.call('GET', path) as Promise<Shape>
  return {
    main: () => page.locator('main'),
    step: (key: string) => page.locator(`[data-step="${key}"]`),
    button: (name: string) => page.getByRole('button', { name, exact: true }),
    region: (name: string) => page.getByRole('region', { name }),
    dialog: () => page.getByRole('dialog'),
    question: () => page.getByRole('alertdialog'),
    /** What has drifted at a service, on the tenant's page. */
    drifted: (service: string) => page.locator(`[data-service=${service}] [data-drift]`),
    /** Goes to one of the tenant's pages. */
    tab: (name: string) =>
      page.getByRole('navigation', { name: 'Tenant' }).getByRole('link', { name }).click(),

    /** Waits until every service has confirmed what the tenant should be. */
    async settled(status: string, slug = 'harbour'): Promise<void> {
      const look = async () => {
        const shown = await read<{ status: string; steps: { status: string }[] }>(
          `/api/tenants/${slug}/provisioning`,
        )
        return [shown.status, ...new Set(shown.steps.map((one) => one.status))]
      }
      await expect.poll(look, { timeout: 60_000, interval: 200 }).toEqual([status, 'ok'])
    },

    /** Has every tenant compared with every service. @returns what has drifted of the tenant */
    async compare(): Promise<Found[]> {
      const { runId } = (await boss.call('POST', '/api/operator/sweep')) as { runId: string }
      const statusOf = async () => {
        const { items } = await read<{ items: { id: string; status: string }[] }>('/api/operator/sweep')
        return items.find(({ id }) => id === runId)?.status
      }
      await expect.poll(statusOf, { timeout: 60_000, interval: 200 }).toBe('done')
      return (await read<{ items: Found[] }>('/api/tenants/harbour/drift')).items
    },

    /** The TXT record that shows whose a domain is. */
    async challengeOf(domain: string): Promise<{ name: string; value: string }> {
      const { items } = await read<{
        items: { name: string; challenge: { name: string; value: string } }[]
      }>('/api/tenants/harbour/domains')
      const found = items.find(({ name }) => name === domain)
      if (!found) throw new Error(`The tenant has no domain ${domain}`)
      return { name: found.challenge.name, value: found.challenge.value }
    },

    /** Has the domain's records looked up until the page shows words: a look is good for a quarter of a minute. */
    async recordsShow(words: string): Promise<void> {
      const domain = page.getByRole('region', { name: 'harbour.example' })
      const look = async () => {
        await domain.getByRole('button', { name: 'Check again' }).click()
        return domain.getByText(words).first().isVisible()
      }
      await expect.poll(look, { timeout: 60_000, interval: 500 }).toBe(true)
    },
  }
}
