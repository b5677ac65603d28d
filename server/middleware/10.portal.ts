import { createError, defineEventHandler } from 'h3'
import { useRuntimeConfig } from 'nitropack/runtime'

const alwaysServed = new Set(['/health', '/ready'])

/** Tells the pages which mode this process runs in; a process that only works serves nothing but its health. */
export default defineEventHandler((event) => {
  const { config } = event.context.container
  const path = event.path.split('?')[0] ?? ''
  if (config.worker === 'only' && !alwaysServed.has(path)) throw createError({ statusCode: 404 })
  useRuntimeConfig(event).public.authMode = config.authMode
})
