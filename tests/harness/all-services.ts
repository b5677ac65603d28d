import { createAuthentikPlanners } from '#server/integrations/authentik/client'
import { startAuthentikFake, type AuthentikFake } from '#server/integrations/authentik/fake'
import { createOcisPlanners } from '#server/integrations/ocis/client'
import { startOcisFake, type OcisFake } from '#server/integrations/ocis/fake'
import { createStalwartPlanners } from '#server/integrations/stalwart/client'
import { startStalwartFake, type StalwartFake } from '#server/integrations/stalwart/fake'
import type { Clock } from '#server/lib/clock'
import type { StepPlanner } from '#server/provisioning/step-planner.port'

/** The fakes of all services that the engine provisions into, and what asks them. */
export interface Services {
  readonly authentik: AuthentikFake
  readonly stalwart: StalwartFake
  readonly ocis: OcisFake
  /** The steps as the container makes them; people get accounts for files without having signed in. */
  planners(options?: { fetch?: typeof globalThis.fetch; clock?: Clock }): StepPlanner[]
  /** What the three hold of a tenant, by names: two things with one name are told twice. */
  holdings(slug: string): Holdings
  reset(): void
  /** @returns what did not fit the published schemas, in words */
  stop(): Promise<string[]>
}

export interface Holdings {
  groups: string[]
  /** In the group. */
  insiders: string[]
  domains: string[]
  /** Of which signing in is on. */
  mailboxes: string[]
  closedMailboxes: string[]
  spaces: string[]
  /** In the space, but for the service's own account. */
  guests: string[]
}

export async function startServices(): Promise<Services> {
  const authentik = await startAuthentikFake()
  const stalwart = await startStalwartFake({ keysAfter: 1 })
  const ocis = await startOcisFake()
  const fakes = [authentik, stalwart, ocis]
  const { clientId, clientSecret } = ocis.credentials
  const auth = { clientId, clientSecret, tokenUrl: ocis.tokenUrl }

  return {
    authentik,
    stalwart,
    ocis,
    planners: (options = {}) => [
      ...createAuthentikPlanners({ apiUrl: authentik.url, token: authentik.token, ...options }),
      ...createStalwartPlanners({ apiUrl: stalwart.url, token: stalwart.token, ...options }),
      ...createOcisPlanners({ apiUrl: ocis.url, auth, createUsers: true, ...options }),
    ],
    holdings(slug) {
      const groups = authentik.groups().filter(({ name }) => name === slug)
      const users = authentik.users()
      const accounts = stalwart.accounts()
      const drives = ocis.drives()
      const people = new Map(ocis.users().map(({ id, mail }) => [id, mail]))
      const emailsOf = (closed: boolean) =>
        accounts.filter(({ canSignIn }) => canSignIn !== closed).map(({ email }) => email)
      return {
        groups: groups.map(({ name }) => name),
        insiders: groups
          .flatMap((group) => group.users.map((pk) => users.find((user) => user.pk === pk)?.email ?? '?'))
          .sort(),
        domains: stalwart
          .domains()
          .map(({ name }) => name)
          .sort(),
        mailboxes: emailsOf(false).sort(),
        closedMailboxes: emailsOf(true).sort(),
        spaces: drives.map(({ name }) => name),
        guests: drives
          .flatMap(({ grants }) => grants)
          .filter(({ holderId }) => holderId !== ocis.serviceId)
          .map(({ holderId }) => people.get(holderId) ?? '?')
          .sort(),
      }
    },
    reset: () => fakes.forEach((fake) => fake.reset()),
    async stop() {
      for (const fake of fakes) await fake.stop()
      return fakes.flatMap((fake) => fake.violations())
    },
  }
}
