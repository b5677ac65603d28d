import { startAuthentikFake } from '../../server/integrations/authentik/fake.ts'
import { startOcisFake } from '../../server/integrations/ocis/fake.ts'
import { startStalwartFake } from '../../server/integrations/stalwart/fake.ts'
import { startMailbox } from '../../tests/harness/mailbox.ts'
import type { LabService } from './lab-service.ts'
import { startLabNames } from './name-server.ts'

export interface LabOptions {
  /** The first of the services' ports, one after the other; 0 takes free ones. */
  port: number
  /** Of Authentik and Stalwart; absent: random ones. */
  token?: string | undefined
  stalwart: 'jmap' | 'rest'
  files: 'ocis' | 'opencloud'
  /** How long each call takes. */
  delayMs: number
}

/** All services that Tenantry provisions into, as fakes, and the environment to start it with. */
export interface Lab {
  services: LabService[]
  environment: Record<string, string>
  stop(): Promise<void>
}

const choices = (values: readonly string[]) => values.map((value) => ({ value, label: value }))

/** @throws the listening socket's error, such as EADDRINUSE; what was started before is stopped */
export async function startServices(options: LabOptions): Promise<Lab> {
  const ports = { next: options.port }
  const nextPort = () => (ports.next === 0 ? 0 : ports.next++)
  const services: LabService[] = []
  const environment: Record<string, string> = {}
  const stop = async () => {
    await Promise.all(services.map((service) => service.stop()))
  }
  try {
    const add = <Its extends Started>(started: Its): Its => {
      const { service, variables } = started
      if (options.delayMs > 0)
        service.faults?.faults.add({ kind: 'delay', ms: options.delayMs, times: 'always' })
      services.push(service)
      Object.assign(environment, variables)
      return started
    }
    add(await authentik(nextPort(), options))
    const { zones } = add(await stalwart(nextPort(), options))
    add(await files(nextPort(), options))
    add(await mail(nextPort()))
    add(await startLabNames(nextPort(), zones))
  } catch (error) {
    await stop()
    throw error
  }
  return { services, environment, stop }
}

const gibibytesField = { name: 'gibibytes', label: 'GiB' }

function bytesOf(gibibytes: string): number {
  if (!/^\d{1,6}$/.test(gibibytes)) throw new Error('GiB takes a whole number.')
  return Number(gibibytes) * 2 ** 30
}

interface Started {
  service: LabService
  variables: Record<string, string>
}

async function authentik(port: number, { token }: LabOptions): Promise<Started> {
  const fake = await startAuthentikFake({ port, ...(token && { token }) })
  const group = () => ({
    name: 'pk',
    label: 'Group',
    options: fake.groups().map(({ pk, name }) => ({ value: pk, label: name })),
  })
  const insiders = () =>
    fake.groups().flatMap(({ pk, name, users }) =>
      fake
        .users()
        .filter((user) => users.includes(user.pk))
        .map((user) => ({ value: `${pk} ${user.pk}`, label: `${user.username} out of ${name}` })),
    )
  const service: LabService = {
    name: 'authentik',
    title: 'Authentik',
    url: fake.url,
    faults: {
      faults: fake.faults,
      operationIds: fake.faults.operationIds,
      wrongToken: { kind: 'answer', status: 403, body: { detail: 'Token invalid/expired' } },
      calls: fake.calls,
      violations: fake.violations,
    },
    state: () => ({ Groups: fake.groups(), Users: fake.users() }),
    drifts: () => [
      {
        name: 'add-group',
        label: 'Make a group, as somebody else would',
        fields: [{ name: 'name', label: 'Name' }],
        act: ({ name = '' }) => fake.addGroup({ name }),
      },
      {
        name: 'leave-group',
        label: 'Take somebody out of a group',
        fields: [{ name: 'who', label: 'Who', options: insiders() }],
        act({ who = '' }) {
          const [group = '', user] = who.split(' ')
          const users = fake.groups().find(({ pk }) => pk === group)?.users ?? []
          fake.changeGroup(group, { users: users.filter((pk) => pk !== Number(user)) })
        },
      },
      {
        name: 'rename-group',
        label: 'Rename a group',
        fields: [group(), { name: 'name', label: 'New name' }],
        act: ({ pk = '', name = '' }) => fake.changeGroup(pk, { name }),
      },
      {
        name: 'remove-group',
        label: 'Delete a group',
        fields: [group()],
        act: ({ pk = '' }) => fake.removeGroup(pk),
      },
    ],
    reset: fake.reset,
    stop: fake.stop,
  }
  return { service, variables: { AUTHENTIK_API_URL: fake.url, AUTHENTIK_API_TOKEN: fake.token } }
}

async function stalwart(port: number, { token, stalwart: dialect }: LabOptions) {
  // 0.15 takes its keys below /api alone; a user and a password are known everywhere.
  const credentials = token ?? (dialect === 'rest' ? 'admin:admin' : undefined)
  const fake = await startStalwartFake({ port, dialect, ...(credentials && { token: credentials }) })
  const emails = () => choices(fake.accounts().map(({ email }) => email))
  const service: LabService = {
    name: 'stalwart',
    title: dialect === 'jmap' ? 'Stalwart 0.16' : 'Stalwart 0.15',
    url: fake.url,
    faults: {
      faults: fake.faults,
      operationIds: fake.faults.operationIds,
      wrongToken: {
        kind: 'answer',
        status: 401,
        headers: { 'content-type': 'application/problem+json' },
        body: {
          type: 'about:blank',
          status: 401,
          title: 'Unauthorized',
          detail: 'You have to authenticate first.',
        },
      },
      calls: fake.calls,
      violations: fake.violations,
    },
    state: () => ({ Domains: fake.domains(), Accounts: fake.accounts() }),
    drifts: () => [
      {
        name: 'add-domain',
        label: 'Make a domain, as somebody else would',
        fields: [{ name: 'name', label: 'Name' }],
        act: ({ name = '' }) => fake.addDomain({ name }),
      },
      {
        name: 'remove-keys',
        label: 'Take a domain’s DKIM keys away',
        fields: [
          { name: 'domain', label: 'Domain', options: choices(fake.domains().map(({ name }) => name)) },
        ],
        act: ({ domain = '' }) => fake.removeKeys(domain),
      },
      {
        name: 'add-account',
        label: 'Make a mailbox, as somebody else would',
        fields: [{ name: 'email', label: 'Address' }],
        act: ({ email = '' }) => fake.addAccount({ email }),
      },
      {
        name: 'lock-account',
        label: 'Forbid a mailbox to sign in',
        fields: [{ name: 'email', label: 'Mailbox', options: emails() }],
        act: ({ email = '' }) => fake.changeAccount(email, { canSignIn: false }),
      },
      {
        name: 'fill-account',
        label: 'Let mail come into a mailbox',
        fields: [{ name: 'email', label: 'Mailbox', options: emails() }, gibibytesField],
        act: ({ email = '', gibibytes = '' }) => fake.changeAccount(email, { usedBytes: bytesOf(gibibytes) }),
      },
      {
        name: 'remove-account',
        label: 'Delete a mailbox',
        fields: [{ name: 'email', label: 'Mailbox', options: emails() }],
        act: ({ email = '' }) => fake.removeAccount(email),
      },
    ],
    reset: fake.reset,
    stop: fake.stop,
  }
  const variables = { STALWART_API_URL: fake.url, STALWART_API_TOKEN: fake.token }
  return { service, variables, zones: fake }
}

async function files(port: number, { files: flavour }: LabOptions): Promise<Started> {
  const fake = await startOcisFake({ port, flavour })
  const drives = () => fake.drives().map(({ id, name }) => ({ value: id, label: name }))
  const space = () => ({ name: 'id', label: 'Space', options: drives() })
  const service: LabService = {
    name: 'files',
    title: flavour === 'ocis' ? 'OCIS' : 'OpenCloud',
    url: fake.url,
    faults: {
      faults: fake.faults,
      operationIds: fake.faults.operationIds,
      wrongToken: { kind: 'answer', status: 401 },
      calls: fake.calls,
      violations: fake.violations,
    },
    state: () => ({ Spaces: fake.drives(), Accounts: fake.users() }),
    drifts: () => [
      {
        name: 'rename-space',
        label: 'Rename a space',
        fields: [space(), { name: 'name', label: 'New name' }],
        act: ({ id = '', name = '' }) => fake.changeDrive(id, { name }),
      },
      {
        name: 'quota',
        label: 'Change a space’s quota',
        fields: [space(), gibibytesField],
        act: ({ id = '', gibibytes = '' }) => fake.changeDrive(id, { total: bytesOf(gibibytes) }),
      },
      {
        name: 'fill-space',
        label: 'Let files come into a space',
        fields: [space(), gibibytesField],
        act: ({ id = '', gibibytes = '' }) => fake.changeDrive(id, { used: bytesOf(gibibytes) }),
      },
      {
        name: 'disable-space',
        label: 'Disable a space',
        fields: [space()],
        act: ({ id = '' }) => fake.changeDrive(id, { isDisabled: true }),
      },
      {
        name: 'add-space',
        label: 'Make a space, as somebody else would',
        fields: [
          { name: 'name', label: 'Name' },
          { name: 'description', label: 'Description', optional: true },
        ],
        act: ({ name = '', description = '' }) => fake.addDrive({ name, description, isOurs: false }),
      },
      {
        name: 'add-user',
        label: 'Let somebody sign in for the first time',
        fields: [{ name: 'mail', label: 'E-mail address' }],
        act: ({ mail = '' }) => fake.addUser({ mail }),
      },
      {
        name: 'end-tokens',
        label: 'End every token that was issued',
        fields: [],
        act: () => fake.revokeTokens(),
      },
    ],
    reset: fake.reset,
    stop: fake.stop,
  }
  const { clientId, clientSecret } = fake.credentials
  return {
    service,
    variables: {
      OCIS_API_URL: fake.url,
      OCIS_CLIENT_ID: clientId,
      OCIS_CLIENT_SECRET: clientSecret,
      OCIS_TOKEN_URL: fake.tokenUrl,
    },
  }
}

async function mail(port: number): Promise<Started> {
  const mailbox = await startMailbox({ port })
  const service: LabService = {
    name: 'mail',
    title: 'Mail server',
    url: mailbox.url,
    state: () => ({
      'Received mail': mailbox.mails().map(({ from, to, text }) => ({ from, to: to.join(', '), text })),
    }),
    drifts: () => [
      {
        name: 'answer',
        label: 'Answer recipients in this way',
        fields: [
          {
            name: 'code',
            label: 'How',
            options: [
              { value: '250', label: 'take the mail' },
              { value: '450', label: 'refuse for now (450)' },
              { value: '550', label: 'refuse for good (550)' },
            ],
          },
        ],
        act: ({ code }) => mailbox.refuse(code === '250' ? undefined : Number(code)),
      },
    ],
    reset: mailbox.clear,
    stop: mailbox.stop,
  }
  return { service, variables: { SMTP_URL: mailbox.url, MAIL_FROM: 'tenantry@example.org' } }
}
