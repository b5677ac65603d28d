/** The operations of Authentik's schema that the fake performs. */
export const operationIds = [
  'core_groups_list',
  'core_groups_create',
  'core_groups_retrieve',
  'core_groups_partial_update',
  'core_groups_destroy',
  'core_groups_add_user_create',
  'core_groups_remove_user_create',
  'core_users_list',
  'core_users_create',
  'core_users_retrieve',
  'core_users_partial_update',
  'core_users_recovery_create',
  'core_tokens_create',
  'core_tokens_retrieve',
  'core_tokens_partial_update',
  'core_tokens_destroy',
  'core_tokens_view_key_retrieve',
  'admin_version_retrieve',
] as const
export type OperationId = (typeof operationIds)[number]
/** Those that are about groups alone. */
export type GroupOperationId = Exclude<
  OperationId,
  `admin_${string}` | `core_users_${string}` | `core_tokens_${string}` | `core_groups_${string}_user_create`
>
