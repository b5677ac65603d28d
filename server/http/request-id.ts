import { newId } from '#server/lib/ids'

/** The caller's own X-Request-Id where it is a sane token of 1 to 128 characters, else a new id. */
export function requestIdFrom(header: string | undefined): string {
  return header && /^[A-Za-z0-9._~-]{1,128}$/.test(header) ? header : newId()
}
