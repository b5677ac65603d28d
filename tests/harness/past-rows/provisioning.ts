import { acme, ada, at, bob, changed, cleo, leaving, made, pastId, young, type PastRow } from './past-row'

const [exported, receipt] = [pastId(71), pastId(72)]

/** What was brought about at the services, and found there. */
export const provisioning: PastRow[] = [
  ...[
    { service: 'authentik', step: 'group', status: 'ok', externalId: 'group-1', attempt: 1 },
    { service: 'ocis', step: 'space', status: 'error', error: 'No room.', attempt: 3, nextAttemptAt: at(5) },
  ].map((values, index) => ({
    ...{ table: 'ProvisioningStep', since: 'init' },
    values: {
      ...{ id: pastId(24 + index), tenantId: acme, generation: 2, reason: null, error: null },
      ...{ externalId: null, nextAttemptAt: null, sequence: 7 + index, ...changed, ...values },
    },
    later: [
      { since: 'provisioning_by_plan', written: { held: true }, otherwise: { held: false } },
      { since: 'step_observed_at', written: { observedAt: at(6) }, otherwise: { observedAt: null } },
    ],
  })),
  {
    ...{ table: 'ProvisioningWork', since: 'init' },
    values: { tenantId: acme, sequence: 8, fence: 5, leaseUntil: at(7) },
    later: [
      { since: 'drift', written: { checkedAt: at(8) }, otherwise: { checkedAt: null } },
      { since: 'run_askers_and_sweep_progress', written: { passId: 'pass' }, otherwise: { passId: null } },
    ],
  },
  {
    ...{ table: 'ProvisioningRun', since: 'init' },
    values: {
      id: pastId(26),
      tenantId: acme,
      cause: 'retry',
      status: 'failed',
      startedAt: at(3),
      endedAt: at(4),
    },
    later: [
      {
        since: 'provisioning_by_plan',
        written: { approved: { 'ocis/space': 'digest' }, deletesAgreed: true },
        otherwise: { approved: null, deletesAgreed: false },
      },
      {
        since: 'run_askers_and_sweep_progress',
        written: { askedByKind: 'user', askedById: ada },
        otherwise: { askedByKind: null, askedById: null },
      },
    ],
  },
  {
    ...{ table: 'Domain', since: 'provisioning_by_plan' },
    values: {
      ...{
        id: pastId(30),
        tenantId: acme,
        name: 'acme.example',
        challenge: 'c',
        ...changed,
        expiresAt: null,
      },
      ...{ verifiedAt: at(5), verifiedName: 'acme.example', checkedAt: at(6), findings: { mx: ['mail.'] } },
    },
  },
  {
    ...{ table: 'Domain', since: 'provisioning_by_plan' },
    values: {
      ...{ id: pastId(31), tenantId: young, name: 'acme.example', challenge: 'd', ...changed },
      ...{ expiresAt: at(100), verifiedAt: null, verifiedName: null, checkedAt: null, findings: null },
    },
  },
  {
    ...{ table: 'ProvisionedResource', since: 'provisioning_by_plan' },
    values: {
      ...{ id: pastId(32), tenantId: acme, service: 'stalwart', step: 'accounts', kind: 'account' },
      ...{ name: 'box-0', externalId: 'account-1', fingerprint: 'print' },
    },
    later: [{ since: 'drift', written: { seenIn: 'sweep' }, otherwise: { seenIn: null } }],
  },
  {
    ...{ table: 'TenantExport', since: 'add_lifecycle' },
    values: { id: exported, tenantId: leaving, completedAt: at(20), ...made },
  },
  {
    ...{ table: 'TenantExportPart', since: 'add_lifecycle' },
    values: { exportId: exported, number: 2, kind: 'members', records: [{ name: 'Ada' }, null, 7] },
  },
  {
    ...{ table: 'AccessReceipt', since: 'add_lifecycle' },
    values: { id: receipt, tenantId: acme, userId: bob, askedAt: at(21), completedAt: null },
    later: [
      { since: 'machines_of_tenants', written: { machines: ['builder'] }, otherwise: { machines: null } },
    ],
  },
  {
    ...{ table: 'AccessReceiptEntry', since: 'add_lifecycle' },
    values: { receiptId: receipt, service: 'ocis', step: 'space', found: 'No access.', at: at(22) },
    later: [
      {
        since: 'tell_what_was_left',
        written: { places: [{ place: null, found: 'No access.' }] },
        otherwise: { places: null },
      },
    ],
  },
  {
    ...{ table: 'OnboardingMail', since: 'add_onboarding_mails' },
    values: { id: pastId(33), tenantId: acme, userId: cleo, claimedAt: at(23), sentAt: null },
    later: [
      {
        since: 'add_onboarding_refusals',
        written: { refusal: 'No such box.' },
        otherwise: { refusal: null },
      },
    ],
  },
  {
    ...{ table: 'ProvisioningSweep', since: 'drift' },
    values: {
      ...{ id: pastId(34), cause: 'requested', status: 'done', activeKey: null, place: { after: 'x' } },
      ...{ pages: 4, things: 300, tenants: 2, drifted: 1, failures: { 'ocis/space': 'Away.' }, fence: 2 },
      ...{ leaseUntil: null, startedAt: at(24), endedAt: at(25) },
    },
    later: [
      { since: 'run_askers_and_sweep_progress', written: { expected: 301 }, otherwise: { expected: null } },
    ],
  },
  ...[acme, null].map((tenantId, index) => ({
    ...{ table: 'ResourceDrift', since: 'drift' },
    values: {
      ...{ id: pastId(35 + index), tenantId, service: 'authentik', step: 'group', thing: `group-${index}` },
      ...{ kind: 'group', name: 'acme', externalId: 'g', what: 'changed', status: 'ignored' },
      ...{ expected: 'one', found: 'another', firstSeenAt: at(24), lastSeenAt: at(25) },
    },
    later: [{ since: 'drift_repairs', written: { repairRunId: 'run' }, otherwise: { repairRunId: null } }],
  })),
]
