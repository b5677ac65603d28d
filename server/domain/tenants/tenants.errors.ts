import { defineErrors } from '#server/lib/errors'

export const tenantError = defineErrors({
  'tenant.not_found': { status: 404, title: 'There is no such tenant.' },
  'tenant.slug_taken': { status: 409, title: 'A tenant with this slug exists.' },
  'tenant.not_deleted': { status: 409, title: 'The tenant is not being deleted.' },
  'tenant.wrong_status': { status: 409, title: 'This can not be done to the tenant as it is now.' },
  'tenant.not_active': { status: 409, title: 'The tenant rests: nothing can be changed in it now.' },
  'tenant.restore_too_late': { status: 409, title: 'The time to restore this tenant is over.' },
  'tenant.operator_decides': {
    status: 403,
    title: 'Only an operator decides whether deletions have to be approved.',
  },
  'export.not_found': { status: 404, title: 'There is no such export.' },
  'tenant.changed_meanwhile': { status: 412, title: 'The tenant was changed meanwhile.' },
})
