import { useRuntimeConfig } from 'nitropack/runtime'
import { defineMiddleware } from '#server/http/define-middleware'
import { httpError } from '#server/http/http.errors'

const alwaysServed = new Set(['/health', '/ready'])

/** Tells the pages which mode this process runs in; a process that only works serves nothing but its health. */
export default defineMiddleware((event) => {
  const { config } = event.context.container
  const path = event.path.split('?')[0] ?? ''
  if (config.worker === 'only' && !alwaysServed.has(path)) throw httpError('route.not_found')
  // Pages show what one person may see; files of the build are served before this, with headers of their own.
  event.node.res.setHeader('Cache-Control', 'no-store')
  useRuntimeConfig(event).public.authMode = config.authMode
})
