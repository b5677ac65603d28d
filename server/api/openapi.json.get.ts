import { z } from 'zod'
import { routes } from '#tenantry/routes'
import { anyone } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { openApiDocument } from '#server/http/openapi'
import { version } from '#server/lib/version'

export default defineRoute({
  summary: 'This document.',
  access: anyone(),
  response: z.record(z.string(), z.unknown()),
  async handle({ container }) {
    const placed = routes.map(async ({ method, path, load }) => ({ method, path, definition: (await load()).definition }))
    return openApiDocument(await Promise.all(placed), version, container.config.publicUrl)
  },
})
