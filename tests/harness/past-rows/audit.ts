import { acme, ada, at, bob, hash, pastId, type PastRow } from './past-row'

/** The audit, written down in another order than that of its ids. */
const entries: PastRow[] = [
  {
    ...{ id: pastId(82), actorKind: 'system', actorId: null, subjectKind: 'tenant', subjectId: acme },
    ...{
      tenantId: acme,
      before: { name: 'Old', status: 'pending' },
      after: { name: 'Ácme', status: 'active' },
    },
    sequence: 2,
  },
  {
    ...{ id: pastId(83), actorKind: 'user', actorId: ada, subjectKind: 'settings', subjectId: 'portal' },
    ...{ tenantId: null, before: null, after: { list: [1, { deep: 'ü' }], count: 0.5 }, sequence: 3 },
  },
  {
    ...{ id: pastId(81), actorKind: 'user', actorId: ada, subjectKind: 'user', subjectId: bob },
    ...{ tenantId: null, before: { status: 'active' }, after: { status: 'disabled' }, sequence: 1 },
  },
].map(({ sequence, ...values }) => ({
  ...{ table: 'AuditEntry', since: 'init' },
  values: { ...values, at: at(1), action: 'noun.changed', requestId: 'request' },
  later: [
    {
      since: 'audit_chains',
      written: { chain: 0, sequence, hash: '' },
      otherwise: { chain: 0, sequence, hash: '' },
    },
  ],
}))

/** The audit, and what was exported of it. */
export const audit: PastRow[] = [
  ...entries,
  {
    ...{ table: 'AuditExport', since: 'audit_chains' },
    values: {
      ...{ sequence: 1, at: at(36), statement: 'a.b.c', deliveredAt: null, claimedUntil: at(37) },
      ...{ failure: 'Away.', failedAt: at(38) },
    },
  },
  {
    ...{ table: 'AuditExportedHead', since: 'audit_chains' },
    values: { chain: 7, sequence: 3, hash: hash('9') },
  },
]
