import type { DefinedRoute } from './define-route'

/** Where a route file answers, and how to load it. */
export interface RouteEntry {
  /** Upper case. */
  method: string
  /** With parameters as `:name`, such as `/api/tenants/:slug`. */
  path: string
  load(): Promise<DefinedRoute>
}

/** The routes whose path an address fits, whatever their method. */
export function routesAt(routes: readonly RouteEntry[], path: string): RouteEntry[] {
  const segments = path.split('/')
  return routes.filter((route) => {
    const wanted = route.path.split('/')
    return (
      wanted.length === segments.length &&
      wanted.every((part, i) => part.startsWith(':') || part === segments[i])
    )
  })
}
