import type { ListPage } from './backend.port'

/** A page's bounds, apart by service and name. */
export interface Bounds {
  /** Start of the service; all of it where `name` is given. */
  readonly service: string
  /** Start of the name, within that one service; undefined: any. */
  readonly name: string | undefined
  /** The last one of the page before; both empty for the first page. */
  readonly after: { readonly service: string; readonly name: string }
}

export function boundsOf({ prefix = '', after = '' }: ListPage): Bounds {
  const [service = '', name] = prefix.split('/')
  const [afterService = '', afterName = ''] = after.split('/')
  return { service, name, after: { service: afterService, name: afterName } }
}

/** Whether a service can have entries on the page. */
export function mayHave({ service, name, after }: Bounds, candidate: string): boolean {
  const isWanted = name === undefined ? candidate.startsWith(service) : candidate === service
  return isWanted && candidate >= after.service
}

/** Whether an entry of a service that can is on the page, or on a later one. */
export function isWithin({ name = '', after }: Bounds, service: string, candidate: string): boolean {
  return candidate.startsWith(name) && (service > after.service || candidate > after.name)
}
