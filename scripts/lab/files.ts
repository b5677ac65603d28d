import { startOcisFake } from '../../server/integrations/ocis/fake.ts'
import { bytesOf, gibibytesField, inGibibytes } from './fields.ts'
import type { LabOptions, LabService } from './lab-service.ts'

/** @throws the listening socket's error, such as EADDRINUSE */
export async function startFiles(port: number, { files: flavour }: LabOptions) {
  const fake = await startOcisFake({ port, flavour })
  const mailOf = (holder: string) =>
    holder === fake.serviceId ? 'Tenantry' : (fake.users().find(({ id }) => id === holder)?.mail ?? holder)
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
    state: () => ({
      Spaces: fake.drives().map(({ id, name, description, total, used, isDisabled, grants }) => ({
        ...{ name, description },
        quota: total === 0 ? 'none' : inGibibytes(total),
        used: inGibibytes(used),
        isDisabled,
        members: grants.map(({ holderId }) => mailOf(holderId)),
        id,
      })),
      Accounts: fake.users(),
    }),
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
    fake,
    variables: {
      OCIS_API_URL: fake.url,
      OCIS_CLIENT_ID: clientId,
      OCIS_CLIENT_SECRET: clientSecret,
      OCIS_TOKEN_URL: fake.tokenUrl,
    },
  }
}
