import { z } from 'zod'
import { anyone } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { openApiOfBuild } from '#server/http/openapi-of-build'

export default defineRoute({
  summary: 'This document.',
  access: anyone(),
  response: z.record(z.string(), z.unknown()),
  handle: ({ container }) => openApiOfBuild(container.config.publicUrl),
})
