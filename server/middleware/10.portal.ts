import { useRuntimeConfig } from 'nitropack/runtime'
import { defineMiddleware } from '#server/http/define-middleware'

/** Tells the pages which mode this process runs in, and keeps what they show to one person out of every cache. */
export default defineMiddleware((event) => {
  // Files of the build are served before this, with headers of their own.
  event.node.res.setHeader('Cache-Control', 'no-store')
  // Not for the API: Nitro copies the configuration for each request that asks for it, at a tenth of what a list takes.
  if (event.path.startsWith('/api/')) return
  useRuntimeConfig(event).public.authMode = event.context.container.config.authMode
})
