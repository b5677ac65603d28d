import { acme, ada, at, bob, changed, cleo, hash, made, pastId, type PastRow } from './past-row'

const identity = pastId(40)

const factors: PastRow[] = [
  {
    ...{ table: 'User', since: 'sign_in_and_invitations' },
    values: {
      ...{ id: cleo, email: null, name: 'Cleo', nameKey: 'cleo', locale: null, picture: null },
      ...{ platformRole: 'user', roleSource: 'idp', status: 'active', passwordHash: null },
      ...{ lastLoginAt: null, ...changed, version: 1 },
    },
    later: [
      { since: 'email_verified', written: { emailVerified: false }, otherwise: { emailVerified: false } },
    ],
  },
  {
    ...{ table: 'ExternalIdentity', since: 'sign_in_and_invitations' },
    values: {
      ...{ id: identity, userId: bob, issuer: 'https://id.example.org', subject: 'bob' },
      ...{ email: 'bob@example.org', emailVerified: true, ...made, lastUsedAt: at(9) },
    },
  },
  {
    ...{ table: 'PasswordReset', since: 'sign_in_and_invitations' },
    values: { id: pastId(41), userId: ada, tokenHash: hash('1'), ...made, expiresAt: at(60) },
  },
  {
    ...{ table: 'TotpFactor', since: 'sign_in_and_invitations' },
    values: { userId: ada, secret: 'sealed', ...made, confirmedAt: at(1), lastStep: 58_000_000n },
  },
  {
    ...{ table: 'RecoveryCode', since: 'sign_in_and_invitations' },
    values: { id: pastId(42), userId: ada, codeHash: hash('2'), ...made },
  },
  {
    ...{ table: 'Passkey', since: 'sign_in_and_invitations' },
    values: {
      ...{ id: pastId(43), userId: ada, name: 'Laptop', credentialId: 'credential', publicKey: 'key' },
      ...{ counter: 9n, transports: ['internal'], synced: true, ...made, lastUsedAt: at(2) },
    },
  },
  {
    ...{ table: 'Invitation', since: 'sign_in_and_invitations' },
    values: {
      ...{ id: pastId(44), tenantId: acme, email: 'new@example.org', role: 'admin', tokenHash: hash('3') },
      ...{ invitedById: ada, ...made, sentAt: at(1), expiresAt: at(10_080) },
    },
  },
  {
    ...{ table: 'Invitation', since: 'invitation_sent_later' },
    values: {
      ...{ id: pastId(45), tenantId: acme, email: 'later@example.org', role: 'member', sentAt: null },
      ...{ tokenHash: hash('4'), invitedById: null, ...made, expiresAt: at(10_080) },
    },
  },
  {
    ...{ table: 'EndedSession', since: 'session_rotation_and_ends' },
    values: { tokenHash: hash('5'), userId: ada, reason: 'expired', until: at(600) },
  },
]

const session: PastRow = {
  ...{ table: 'Session', since: 'init' },
  values: {
    ...{ id: pastId(28), tokenHash: hash('6'), userId: bob, userAgent: 'Browser/1', address: '192.0.2.1' },
    ...{ ...made, lastSeenAt: at(2), expiresAt: at(6000) },
  },
  later: [
    {
      since: 'sign_in_and_invitations',
      written: {
        ...{ method: 'oidc', provenAt: at(1), secondFactor: true, restricted: true },
        ...{ identityId: identity, providerSessionId: 'sid', idToken: 'sealed' },
      },
      otherwise: {
        ...{ method: 'password', provenAt: null, secondFactor: false, restricted: false },
        ...{ identityId: null, providerSessionId: null, idToken: null },
      },
    },
    {
      since: 'session_rotation_and_ends',
      written: { formerTokenHash: hash('7'), formerUntil: at(3), rotationDue: true },
      otherwise: { formerTokenHash: null, formerUntil: null, rotationDue: false },
    },
  ],
}

/** What people sign in with, and are asked in by. */
export const signIn: PastRow[] = [...factors, session]
