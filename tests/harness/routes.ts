/// <reference types="vite/types/importMeta.d.ts" />
import type { DefinedRoute } from '#server/http/define-route'
import type { RouteEntry } from '#server/http/route-inventory'

const files = import.meta.glob<DefinedRoute>(
  ['../../server/{api,routes}/**/*.ts', '!**/*.test.ts', '!**/[[]...*.ts'],
  { import: 'default' },
)

/** Where Nitro serves a route file. */
export function placeOf(file: string): { method: string; path: string } {
  const named = /^.*\/server\/(api|routes)\/(.*)\.(get|post|put|patch|delete)\.ts$/.exec(file)
  if (!named) throw new Error(`${file} is no route file: it names no method`)
  const [, root, name = '', method = ''] = named
  const path = `/${root === 'api' ? 'api/' : ''}${name}`.replace(/\/index$/, '').replace(/\[(\w+)\]/g, ':$1')
  return { method: method.toUpperCase(), path }
}

/** The route files of the server, as the module `#tenantry/routes` lists them in a build. */
export const routes: readonly RouteEntry[] = Object.entries(files).map(([file, load]) => ({
  ...placeOf(file),
  load,
}))
