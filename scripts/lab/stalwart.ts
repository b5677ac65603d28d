import { startStalwartFake } from '../../server/integrations/stalwart/fake.ts'
import { bytesOf, choices, gibibytesField, inGibibytes } from './fields.ts'
import type { LabOptions, LabService } from './lab-service.ts'

/** @throws the listening socket's error, such as EADDRINUSE */
export async function startStalwart(port: number, { token, stalwart: dialect }: LabOptions) {
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
    state: () => ({
      Domains: fake.domains(),
      Mailboxes: fake.accounts().map(({ quotaBytes, ...account }) => ({
        ...account,
        quota: quotaBytes === null ? 'none' : inGibibytes(quotaBytes),
      })),
    }),
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
  return { service, fake, variables }
}
