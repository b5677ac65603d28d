/// <reference types="vite/types/importMeta.d.ts" />
import type { DefinedRoute } from '#server/http/define-route'
import type { RouteEntry } from '#server/http/route-inventory'
import { placeOf } from '../../scripts/route-files.mjs'

const files = import.meta.glob<DefinedRoute>(
  ['../../server/{api,routes}/**/*.ts', '!**/*.test.ts', '!**/[[]...*.ts'],
  { import: 'default' },
)

/** The route files of the server, as the module `#tenantry/routes` lists them in a build. */
export const routes: readonly RouteEntry[] = Object.entries(files).map(([file, load]) => ({
  ...placeOf(file),
  load,
}))
