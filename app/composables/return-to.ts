import { safeReturnTo } from '#shared/contracts/return-to'

export { safeReturnTo } from '#shared/contracts/return-to'

/** The page that has a person set up the second factor that is asked of them, and the way back. */
export function enrolmentPath(wanted: unknown): string {
  const returnTo = safeReturnTo(wanted)
  return returnTo === '/' ? '/auth/second-factor' : `/auth/second-factor?${new URLSearchParams({ returnTo })}`
}
