import { startAuthentikFake } from '../../server/integrations/authentik/fake.ts'
import type { LabOptions, LabService } from './lab-service.ts'

/** @throws the listening socket's error, such as EADDRINUSE */
export async function startAuthentik(port: number, { token }: LabOptions) {
  const fake = await startAuthentikFake({ port, ...(token && { token }) })
  const group = () => ({
    name: 'pk',
    label: 'Group',
    options: fake.groups().map(({ pk, name }) => ({ value: pk, label: name })),
  })
  const usersOf = (pks: number[]) => fake.users().filter(({ pk }) => pks.includes(pk))
  const insiders = () =>
    fake.groups().flatMap(({ pk, name, users }) =>
      usersOf(users).map((user) => ({
        value: `${pk} ${user.pk}`,
        label: `${user.username} out of ${name}`,
      })),
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
    state: () => ({
      Groups: fake.groups().map(({ pk, name, users, attributes }) => ({
        name,
        members: usersOf(users).map(({ username }) => username),
        attributes,
        pk,
      })),
      Users: fake.users().map(({ username, name, email, is_active: active, attributes }) => ({
        ...{ username, name, email, active, attributes },
      })),
    }),
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
  const variables = { AUTHENTIK_API_URL: fake.url, AUTHENTIK_API_TOKEN: fake.token }
  return { service, fake, variables }
}
