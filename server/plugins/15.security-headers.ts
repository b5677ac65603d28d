import { defineNitroPlugin } from 'nitropack/runtime'
import { pagePolicy, securityHeaders } from '#server/http/security-headers'

/** What the page policy is for; nuxt-security looks at nothing else. */
const isPage = (path: string) => !/^\/(?:api\/|_nuxt\/|health$|ready$|metrics$)/.test(path)

/**
 * Gives every answer its security headers, files of the build too, which no middleware sees. Pages get their policy
 * from nuxt-security, by what the environment says when the server starts.
 */
export default defineNitroPlugin((nitroApp) => {
  nitroApp.hooks.hook('nuxt-security:routeRules', async (rules) => {
    const { config } = await nitroApp.container
    rules['/**'] = { ...rules['/**'], headers: { contentSecurityPolicy: pagePolicy(config.publicUrl) } }
  })

  let headers: ReturnType<typeof securityHeaders> | undefined
  nitroApp.hooks.hook('request', (event) => {
    headers ??= securityHeaders(event.context.container.config.publicUrl)
    for (const [name, value] of headers) event.node.res.setHeader(name, value)
    // It would work out its rules anew for each of these, and has none for them.
    if (!isPage(event.path.split('?')[0] ?? '')) event.context.security = { rules: { enabled: false } }
  })
})
