import type { DefinedRoute } from './define-route'

/** Where a route file answers, and how to load it. */
export interface RouteEntry {
  /** Upper case. */
  method: string
  /** With parameters as `:name`, such as `/api/tenants/:slug`. */
  path: string
  load(): Promise<DefinedRoute>
}

/** The methods that some route takes at a path, sorted; empty where there is none. */
export function methodsAt(routes: readonly RouteEntry[], path: string): string[] {
  const segments = path.split('/')
  const fits = (pattern: string) => {
    const wanted = pattern.split('/')
    return (
      wanted.length === segments.length &&
      wanted.every((part, i) => part.startsWith(':') || part === segments[i])
    )
  }
  return [...new Set(routes.filter((route) => fits(route.path)).map((route) => route.method))].sort()
}
