import { createShared } from '../http/shared'
import type { Authorization } from './authorization'
import type { Exchange } from './exchange'
import { User } from './wire'

/**
 * Makes the function that gives the service account that asks: it is asked for once for each token, since a token is
 * one account's.
 *
 * @returns a function that throws what `Exchange` throws
 */
export function createOwnUser(
  exchange: Exchange,
  authorization: Authorization,
): (signal: AbortSignal) => Promise<User> {
  let known: { header: string; user: User } | undefined
  const ask = createShared(async (signal) => {
    const header = await authorization.header(signal)
    const user = await exchange(
      { purpose: 'say who we are', method: 'GET', path: ['v1.0', 'me'], answer: User },
      signal,
    )
    known = { header, user }
    return user
  })
  return async (signal) => {
    const header = await authorization.header(signal)
    return known?.header === header ? known.user : ask(signal)
  }
}
