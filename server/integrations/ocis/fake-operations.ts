/** The operations of LibreGraph's interface that the fake performs, and those that hand out tokens. */
export const operationIds = [
  'GetOwnUser',
  'ListUsers',
  'CreateUser',
  'GetUser',
  'DeleteUser',
  'ListAllDrives',
  'CreateDrive',
  'GetDrive',
  'UpdateDrive',
  'DeleteDrive',
  'InviteSpaceRoot',
  'ListPermissionsSpaceRoot',
  'UpdatePermissionSpaceRoot',
  'DeletePermissionSpaceRoot',
  'GetStatus',
  'IssueToken',
  'CreateAppToken',
  'ListAppTokens',
  'DeleteAppToken',
] as const
export type OperationId = (typeof operationIds)[number]
