import { startAuthentikFake, type AuthentikFake } from '../../server/integrations/authentik/fake.ts'
import { startOcisFake, type OcisFake } from '../../server/integrations/ocis/fake.ts'
import { startStalwartFake, type StalwartFake } from '../../server/integrations/stalwart/fake.ts'
import { membersOfEach } from './people.ts'

/** Every tenth call meets a fault where they fail. */
const callsPerFault = 10
const lookMilliseconds = 5

/** What befalls calls, in turn: each is one that Tenantry has to try again after a while. */
const faults = [
  { kind: 'answer', status: 429, headers: { 'retry-after': '1' } },
  { kind: 'answer', status: 503 },
  // Applied, and nobody hears of it.
  { kind: 'drop', when: 'after' },
  { kind: 'answer', status: 502, body: '<html>Bad Gateway</html>' },
] as const

const serviceNames = ['Authentik', 'Stalwart', 'OCIS'] as const
export type ServiceName = (typeof serviceNames)[number]

/** Calls of each service. */
export type Calls = Readonly<Record<ServiceName, number>>

/** Authentik, Stalwart and OCIS on this machine, in this process. */
export interface Services {
  readonly env: Record<string, string>
  readonly authentik: AuthentikFake
  readonly stalwart: StalwartFake
  readonly ocis: OcisFake
  /** HTTP requests that came until now. */
  calls(): Calls
  /** From now on every tenth call of each service fails. */
  fail(): void
  stop(): Promise<void>
}

/** Starts the three services, each of whose calls takes so long. */
export async function startServices(callMilliseconds: number): Promise<Services> {
  const authentik = await startAuthentikFake()
  const stalwart = await startStalwartFake()
  const ocis = await startOcisFake()
  const fakes = [authentik, stalwart, ocis]
  for (const fake of fakes)
    if (callMilliseconds > 0) fake.faults.add({ kind: 'delay', ms: callMilliseconds, times: 'always' })
  const calls = (): Calls => ({
    Authentik: sum(authentik.calls()),
    Stalwart: stalwart.requests(),
    OCIS: sum(ocis.calls()),
  })
  let failing: NodeJS.Timeout | undefined

  return {
    authentik,
    stalwart,
    ocis,
    env: {
      AUTHENTIK_API_URL: authentik.url,
      AUTHENTIK_API_TOKEN: authentik.token,
      STALWART_API_URL: stalwart.url,
      STALWART_API_TOKEN: stalwart.token,
      OCIS_API_URL: ocis.url,
      OCIS_CLIENT_ID: ocis.credentials.clientId,
      OCIS_CLIENT_SECRET: ocis.credentials.clientSecret,
      OCIS_TOKEN_URL: ocis.tokenUrl,
    },
    calls,
    fail() {
      const began = calls()
      const given = serviceNames.map(() => 0)
      failing = setInterval(() => {
        const now = calls()
        for (const [index, name] of serviceNames.entries()) {
          const due = Math.floor((now[name] - began[name]) / callsPerFault)
          for (let next = given[index] ?? 0; next < due; next++) {
            const fault = faults[next % faults.length]
            if (fault) fakes[index]?.faults.add(fault)
          }
          given[index] = due
        }
      }, lookMilliseconds)
    },
    async stop() {
      clearInterval(failing)
      await Promise.all(fakes.map((fake) => fake.stop()))
    },
  }
}

/** How much the services hold; of what belongs to a tenant and its people once, each is counted for itself. */
export function holdingsOf({ authentik, stalwart, ocis }: Services) {
  return {
    groups: authentik.groups().length,
    inGroups: authentik.groups().reduce((all, { users }) => all + users.length, 0),
    users: authentik.users().length,
    domains: stalwart.domains().length,
    accounts: stalwart.accounts().length,
    spaces: ocis.drives().length,
    // Beside the members, the service account manages each space.
    inSpaces: ocis.drives().reduce((all, { grants }) => all + grants.length - 1, 0),
    violations: [authentik, stalwart, ocis].flatMap((fake) => fake.violations()).slice(0, 5),
  }
}

/** What they hold where each of so many tenants, as `giveMembers` makes them, is there once and whole. */
export function holdingsWanted(tenants: number): ReturnType<typeof holdingsOf> {
  const people = tenants * membersOfEach
  return {
    ...{ groups: tenants, inGroups: people, users: people },
    ...{ domains: tenants, accounts: people },
    ...{ spaces: tenants, inSpaces: people },
    violations: [],
  }
}

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((all, count) => all + count, 0)
