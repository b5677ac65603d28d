import { checkSlug } from '#server/domain/tenants/tenants'
import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { FreeTextSlugPath } from '#server/http/paths'
import { SlugAvailability } from '#shared/contracts/slugs'

export default defineRoute({
  summary: 'Whether a tenant could be created with this slug now.',
  access: operator(),
  params: FreeTextSlugPath,
  response: SlugAvailability,
  handle: ({ scope, params }) => checkSlug(scope, params.slug),
})
