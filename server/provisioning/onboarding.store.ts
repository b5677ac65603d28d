import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import { isUniqueViolation } from '#server/storage/database.errors'

export type OnboardingStore = ReturnType<typeof onboardingStore>

/** So long a mail may be under way before it counts as one that may not have been sent. */
const underWayMs = 60_000

/** Whom the onboarding mail of one tenant was sent to, bound. */
export function onboardingStore(db: DatabaseClient, clock: Clock, tenantId: string) {
  /** When a mail was claimed that is under way no more. */
  const past = () => new Date(clock.now().getTime() - underWayMs)

  return {
    list: () =>
      db.onboardingMail.findMany({
        where: { tenantId },
        select: { userId: true, sentAt: true, refusal: true },
      }),

    /** To be called before sending. @returns false where it was claimed before */
    async claim(userId: string): Promise<boolean> {
      try {
        await db.onboardingMail.create({ data: { id: newId(), tenantId, userId, claimedAt: clock.now() } })
        return true
      } catch (error) {
        if (isUniqueViolation(error)) return false
        throw error
      }
    },

    async noteSent(userId: string): Promise<void> {
      await db.onboardingMail.updateMany({ where: { tenantId, userId }, data: { sentAt: clock.now() } })
    },

    /** Gives back a claim of what certainly was not sent. */
    async release(userId: string): Promise<void> {
      await db.onboardingMail.deleteMany({ where: { tenantId, userId, sentAt: null } })
    },

    /** Sending has ended, and it may not have been sent: nothing is under way, so that it can be sent again at once. */
    async noteUnsure(userId: string): Promise<void> {
      await db.onboardingMail.updateMany({
        where: { tenantId, userId, sentAt: null },
        data: { claimedAt: past() },
      })
    },

    /** Keeps why it was refused for good: it can be sent again at once, by somebody who knows what is wrong. */
    async noteRefused(userId: string, refusal: string): Promise<void> {
      const data = { claimedAt: past(), refusal }
      await db.onboardingMail.updateMany({ where: { tenantId, userId, sentAt: null }, data })
    },

    /** Has it sent again to one member. */
    async forget(userId: string): Promise<void> {
      await db.onboardingMail.deleteMany({ where: { tenantId, userId } })
    },

    /** Has it sent again to all whom it may not have reached. @returns how many they are */
    async forgetUnsure(): Promise<number> {
      const claimedAt = { lte: past() }
      return (await db.onboardingMail.deleteMany({ where: { tenantId, sentAt: null, claimedAt } })).count
    },
  }
}
