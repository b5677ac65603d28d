import { addTypeTemplate, defineNuxtModule, createResolver } from 'nuxt/kit'

const routesModule = `declare module '#tenantry/routes' {
  import type { RouteEntry } from '#server/http/route-inventory'
  export const routes: readonly RouteEntry[]
}
`

/**
 * Gives the server's build what Nitro has no setting for:
 * - `#tenantry/routes`, a virtual module that lists the server's own route files, so that the OpenAPI document is made
 *   from the very files that Nitro serves, and none can be forgotten
 * - our error handler in front of Nuxt's, so that what is not a page answers problem+json
 */
export default defineNuxtModule({
  meta: { name: 'server-build' },
  setup(_options, nuxt) {
    const { resolve } = createResolver(import.meta.url)
    // The pages' types see the routes' types, and with them what they import.
    addTypeTemplate(
      { filename: 'types/tenantry-routes.d.ts', getContents: () => routesModule },
      { nuxt: true, nitro: true, node: true },
    )
    nuxt.hook('nitro:init', (nitro) => {
      const handlers = [nitro.options.errorHandler].flat().filter((handler) => handler !== undefined)
      nitro.options.errorHandler = [resolve('../server/http/nitro-error'), ...handlers]
      nitro.options.virtual['#tenantry/routes'] = () => {
        const entries = nitro.scannedHandlers
          .filter(({ route, method, middleware }) => route && method && !middleware)
          .map(({ route, method, handler }) => {
            const [path, verb] = [JSON.stringify(route), JSON.stringify(method?.toUpperCase())]
            return `{ method: ${verb}, path: ${path}, load: () => import(${JSON.stringify(handler)}).then((m) => m.default) }`
          })
        return `export const routes = [\n${entries.join(',\n')}\n]`
      }
    })
  },
})
