declare module '#tenantry/routes' {
  import type { RouteEntry } from '#server/http/route-inventory'
  export const routes: readonly RouteEntry[]
}
