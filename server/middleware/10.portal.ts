import { createError, defineEventHandler, setResponseHeader } from 'h3'
import { useRuntimeConfig } from 'nitropack/runtime'

const alwaysServed = new Set(['/health', '/ready'])

/** Tells the pages which mode this process runs in; a process that only works serves nothing but its health. */
export default defineEventHandler((event) => {
  const { config } = event.context.container
  const path = event.path.split('?')[0] ?? ''
  if (config.worker === 'only' && !alwaysServed.has(path)) throw createError({ statusCode: 404 })
  // Pages show what one person may see; files of the build are served before this, with headers of their own.
  setResponseHeader(event, 'Cache-Control', 'no-store')
  useRuntimeConfig(event).public.authMode = config.authMode
})
