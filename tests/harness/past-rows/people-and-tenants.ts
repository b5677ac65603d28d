import { acme, ada, at, bob, changed, leaving, pastId, young, type PastRow } from './past-row'

/** Tenants, people and who they are there, as far back as the first build. */
export const peopleAndTenants: PastRow[] = [
  ...[
    { id: acme, slug: 'acme', name: 'Ácme', nameKey: 'acme', status: 'active', purgeAt: null },
    { id: young, slug: 'young', name: 'Young', nameKey: 'young', status: 'pending', purgeAt: null },
    { id: leaving, slug: 'leaving', name: 'L', nameKey: 'l', status: 'deleting', purgeAt: at(90) },
  ].map((values) => ({
    ...{ table: 'Tenant', since: 'init', values: { ...values, ...changed, version: 3 } },
    later: [
      {
        since: 'provisioning_by_plan',
        written: { approveDeletions: true },
        otherwise: { approveDeletions: false },
      },
      { since: 'add_tenant_locale', written: { locale: 'de' }, otherwise: { locale: 'en' } },
    ],
  })),
  ...[
    { id: ada, email: 'ada@example.org', name: 'Ada', nameKey: 'ada', platformRole: 'operator' },
    { id: bob, email: 'bob@example.org', name: 'Böb', nameKey: 'bob', platformRole: 'user' },
  ].map((values) => ({
    ...{ table: 'User', since: 'init' },
    values: {
      ...{ ...values, ...changed, locale: 'de', status: 'disabled', passwordHash: '$argon2id$v=19$x' },
      ...{ lastLoginAt: at(2), version: 4 },
    },
    later: [
      {
        since: 'sign_in_and_invitations',
        written: { picture: 'https://pictures.example/1', roleSource: 'idp' },
        otherwise: { picture: null, roleSource: 'manual' },
      },
      // An account that no provider knows; Bob's provider verified his address.
      { since: 'email_verified', written: { emailVerified: false }, otherwise: { emailVerified: true } },
    ],
  })),
  ...[
    { id: pastId(21), tenantId: acme, userId: ada, role: 'owner', source: 'manual' },
    { id: pastId(22), tenantId: acme, userId: bob, role: 'member', source: 'idp' },
    { id: pastId(23), tenantId: young, userId: bob, role: 'admin', source: 'invitation' },
  ].map((values, index) => ({
    ...{ table: 'Membership', since: 'init', values: { ...values, ...changed, version: 2 } },
    later: [
      {
        since: 'provisioning_by_plan',
        written: { mailbox: `box-${index}` },
        otherwise: { mailbox: null },
      },
    ],
  })),
  {
    ...{ table: 'Setting', since: 'init' },
    values: { key: 'portalName', value: { text: 'Ämter "&" <Co>' }, updatedAt: at(1), version: 2 },
  },
  {
    ...{ table: 'Subscription', since: 'init' },
    values: { id: pastId(27), tenantId: acme, plan: 'enterprise', ...changed, version: 2 },
  },
  {
    ...{ table: 'CacheEntry', since: 'init' },
    values: { key: 'mark', value: '{"é":1}', expiresAt: 2n ** 52n + 1n },
  },
]
