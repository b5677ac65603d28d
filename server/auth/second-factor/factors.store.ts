import type { FactorKind } from '#shared/contracts/second-factor'
import type { Clock } from '#server/lib/clock'
import type { DatabaseClient } from '#server/storage/database'
import { passkeysStore } from './passkeys.store'
import { recoveryCodesStore } from './recovery-codes.store'
import { totpStore } from './totp.store'

export type FactorsStore = ReturnType<typeof factorsStore>

/** The second factors of one user, bound. */
export function factorsStore(db: DatabaseClient, clock: Clock, userId: string) {
  const totp = totpStore(db, clock, userId)
  const passkeys = passkeysStore(db, clock, userId)
  const recoveryCodes = recoveryCodesStore(db, clock, userId)
  return {
    userId,
    totp,
    passkeys,
    recoveryCodes,

    /** What they can show; empty where they have none. Recovery codes alone are no factor. */
    async kinds(): Promise<FactorKind[]> {
      const confirmed = await totp.findConfirmed()
      const keys = await passkeys.count()
      if (!confirmed && !keys) return []
      const codes = await recoveryCodes.count()
      return [
        ...(confirmed ? (['totp'] as const) : []),
        ...(keys ? (['passkey'] as const) : []),
        ...(codes ? (['recovery'] as const) : []),
      ]
    },

    async removeAll(): Promise<void> {
      await totp.remove()
      await passkeys.removeAll()
      await recoveryCodes.removeAll()
    },
  }
}
