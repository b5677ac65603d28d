import { acme, ada, at, changed, hash, made, pastId, type PastRow } from './past-row'

const [machine, applicant, ofAda, ofService, service] = [51, 52, 53, 54, 55].map(pastId)
const vault = pastId(60)

/** Machines, for whom they act, vaults, and connections. */
export const machines: PastRow[] = [
  {
    ...{ table: 'ServiceAccount', since: 'machines_and_vaults' },
    values: { id: service, tenantId: acme, name: 'backup', ...made },
  },
  ...[
    { id: ofAda, userId: ada, serviceAccountId: null, role: 'owner' },
    { id: ofService, userId: null, serviceAccountId: service, role: 'member' },
  ].map((values) => ({
    ...{ table: 'Principal', since: 'machines_and_vaults' },
    values: { tenantId: acme, ...made, ...values },
  })),
  ...[
    { id: machine, handle: 'builder', did: 'did:key:z1', status: 'claimed' },
    { id: applicant, handle: 'stranger', did: 'did:key:z2', status: 'pending' },
  ].map((values) => ({
    ...{ table: 'Identity', since: 'machines_and_vaults' },
    values: {
      ...{ ...values, address: '192.0.2.7', userAgent: 'tenantry/1', rotationAsked: true },
      ...{ keyChangedAt: at(26), ...made, lastUsedAt: at(27), revokedAt: null, version: 3 },
    },
    later: [
      {
        since: 'machines_of_tenants',
        written: { tenantId: values.status === 'claimed' ? acme : null },
        otherwise: { tenantId: null },
      },
    ],
  })),
  ...[
    {
      id: pastId(56),
      identityId: machine,
      principalId: ofService,
      status: 'accepted',
      scopes: ['tenant:read'],
    },
    { id: pastId(57), identityId: applicant, principalId: null, status: 'pending', scopes: null },
  ].map((values) => ({
    ...{ table: 'IdentityClaim', since: 'machines_and_vaults' },
    values: { ...values, decidedById: ada, ...made, decidedAt: at(28) },
    later: [{ since: 'machines_of_tenants', written: { role: 'admin' }, otherwise: { role: null } }],
  })),
  {
    ...{ table: 'ApiToken', since: 'machines_and_vaults' },
    values: {
      ...{ id: pastId(58), tenantId: acme, principalId: ofAda, name: 'script', tokenHash: hash('8') },
      ...{ ending: 'wxyz', scopes: ['members:read'], createdById: ada, ...made, expiresAt: at(9000) },
      ...{ lastUsedAt: at(29), revokedAt: null },
    },
    // A token of before may no more than anybody may.
    later: [{ since: 'machines_of_tenants', written: { role: 'owner' }, otherwise: { role: 'member' } }],
  },
  {
    ...{ table: 'Vault', since: 'machines_and_vaults' },
    values: { id: vault, tenantId: acme, handle: 'spare', ...made },
  },
  {
    ...{ table: 'PrincipalVaultBinding', since: 'machines_and_vaults' },
    values: { principalId: ofService, vaultId: vault, defaultOf: ofService, ...made },
  },
  {
    ...{ table: 'WrappedKey', since: 'machines_and_vaults' },
    values: { id: `vault:${vault}`, masterId: 'master', wrapped: 'envelope', ...made, wrappedAt: at(30) },
  },
  {
    ...{ table: 'MasterKey', since: 'machines_and_vaults' },
    values: {
      ...{ id: 'master', derivation: 'argon2id', salt: 'c2FsdA==', proof: 'sealed', state: 'retired' },
      ...{ successor: null, ...made },
    },
    later: [{ since: 'vault_blobs', written: { retiredAt: at(31) }, otherwise: { retiredAt: null } }],
  },
  {
    ...{ table: 'SecretLease', since: 'machines_and_vaults' },
    values: {
      ...{ id: pastId(61), tenantId: acme, vaultId: vault, principalId: ofService, askedBy: machine },
      ...{ kind: 'minted', service: 'ocis', name: '', purpose: 'a backup', ...made, expiresAt: at(40) },
      ...{ endsLatest: at(50), lastReadAt: at(32), endedAt: at(33), endReason: 'revoked' },
      ...{ externalId: 'account', settledAt: null, nextTryAt: at(34) },
    },
    later: [
      { since: 'let_leases_outlive', written: { askedByName: 'builder' }, otherwise: { askedByName: '' } },
      {
        since: 'lease_places',
        written: {
          ...{ place: 'https://files.example', placeSealed: 'envelope' },
          ...{ settleError: 'Refused.', givenUpAt: at(36) },
        },
        otherwise: { place: null, placeSealed: null, settleError: null, givenUpAt: null },
      },
    ],
  },
  {
    ...{ table: 'TenantConnection', since: 'machines_and_vaults' },
    values: {
      ...{ id: pastId(62), tenantId: acme, service: 'ocis', apiUrl: 'https://files.example' },
      ...{ options: { kind: 'client', clientId: 'tenantry' }, secretVersion: 2, testedAt: at(35) },
      ...{ testError: 'Refused.', ...changed, version: 4 },
    },
  },
  // The migration before this one knew other columns; no build ever wrote them.
  {
    ...{ table: 'VaultBlob', since: 'vault_blobs' },
    values: {
      ...{ vaultId: vault, service: 'mail', name: 'password', version: 2, sealed: 'envelope' },
      writtenAt: BigInt(at(0).getTime()),
    },
  },
  {
    ...{ table: 'FormerConnection', since: 'add_former_connections' },
    values: { id: pastId(63), tenantId: acme, service: 'ocis', apiUrl: null, things: 12, leftAt: at(39) },
    later: [
      {
        since: 'tell_what_was_left',
        written: { left: [{ step: 'space', kinds: { space: 12 } }] },
        otherwise: { left: null },
      },
    ],
  },
]
