/** What the fake performs: over JMAP the methods, of 0.15 its paths. */
export const operationIds = [
  'session',
  'x:Domain/query',
  'x:Domain/get',
  'x:Domain/set',
  'x:Account/query',
  'x:Account/get',
  'x:Account/set',
  'x:DkimSignature/query',
  'x:DkimSignature/get',
  'x:DkimSignature/set',
  'principal/list',
  'principal/create',
  'principal/get',
  'principal/update',
  'principal/delete',
  'dkim/create',
  'dns/records',
  'settings/update',
  'reload',
] as const
export type OperationId = (typeof operationIds)[number]
