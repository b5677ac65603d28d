import type { MailSender, Mailer } from '#server/domain/mail/mail'
import { onboardingMail } from '#server/domain/mail/mail'
import { IntegrationError } from '#server/lib/errors'
import type { OnboardingStore } from './onboarding.store'
import type { DesiredMember, DesiredTenant, PlannedChange, StepPlanner } from './step-planner.port'

/** What the onboarding mail is written and sent with. */
export interface OnboardingMeans {
  mailer: Mailer
  sender: () => Promise<MailSender>
  storeOf: (tenantId: string) => OnboardingStore
  /** Where people find what was set up for them. */
  places: readonly string[]
  /** A link by which somebody chooses their first password; null: they have one, or nobody can give it. */
  firstPasswordLink?: (
    person: { userId: string; email: string },
    signal: AbortSignal,
  ) => Promise<string | null>
}

/**
 * The step `onboarding`: every member is told once that everything is set up, in their language. It comes after all the
 * others, so that what it says is true. Who is in first is told first, and who gets in later is told then.
 *
 * A row is written before the mail is sent, and confirmed once the mail server took it: a process that dies in between
 * leaves a mail that may not have been sent, which is said and not repeated. One that certainly was not sent, and could
 * be, is tried again; one that was refused for good is said with the reason.
 */
export function createOnboardingPlanner(means: OnboardingMeans): StepPlanner {
  return {
    service: 'mail',
    step: 'onboarding',
    async plan(tenant) {
      if (tenant.state !== 'active') return { resources: [], changes: [], notes: [] }
      const store = means.storeOf(tenant.id)
      const told = new Map((await store.list()).map((row) => [row.userId, row]))
      const reached = tenant.members.flatMap(({ email, ...member }) => (email ? [{ ...member, email }] : []))
      const unsent = reached.flatMap(({ userId, email }) => {
        const row = told.get(userId)
        return row && row.sentAt === null ? [{ email, refusal: row.refusal }] : []
      })
      return {
        resources: [],
        changes: reached
          .filter(({ userId }) => !told.has(userId))
          .map((member) => tell(means, store, tenant, member)),
        notes: notesOf(unsent),
      }
    },
  }
}

/** How many are named. */
const namedAtMost = 3

function notesOf(unsent: readonly { email: string; refusal: string | null }[]): string[] {
  const unsure = unsent.filter(({ refusal }) => refusal === null).map(({ email }) => email)
  const refused = unsent.flatMap(({ email, refusal }) => (refusal === null ? [] : [{ email, refusal }]))
  const others = refused.length - namedAtMost
  return [
    ...refused
      .slice(0, namedAtMost)
      .map(({ email, refusal }) => `${email} got no mail. ${refusal} Send it again once that is mended.`),
    ...(others > 0 ? [`So it is with ${others} more.`] : []),
    ...(unsure.length > 0
      ? [`The mail may not have been sent to ${enumerate(unsure)}. Send it again to be sure.`]
      : []),
  ]
}

function enumerate(names: readonly string[]): string {
  const more = names.length > namedAtMost ? ` and ${names.length - namedAtMost} more` : ''
  return `${names.slice(0, namedAtMost).join(', ')}${more}`
}

function tell(
  means: OnboardingMeans,
  store: OnboardingStore,
  tenant: DesiredTenant,
  member: DesiredMember & { email: string },
): PlannedChange {
  const { userId, email, locale, mailbox } = member
  const [domain] = tenant.domains
  return {
    action: 'create',
    kind: 'mail',
    name: email,
    async apply(signal) {
      const sender = await means.sender()
      const message = onboardingMail(
        sender,
        { email, locale },
        {
          tenantName: tenant.name,
          url: `${sender.origin}/tenants/${tenant.slug}`,
          places: means.places,
          mailbox: mailbox !== null && domain !== undefined ? `${mailbox}@${domain}` : null,
          firstPasswordUrl: (await means.firstPasswordLink?.({ userId, email }, signal)) ?? null,
        },
      )
      signal.throwIfAborted()
      if (!(await store.claim(userId))) return
      try {
        await means.mailer.send(message)
      } catch (error) {
        if (!(error instanceof IntegrationError)) throw error
        // Refused, or nobody knows: it is said in the step's notes, and does not hold up the others.
        if (!error.retryable)
          return error.kind === 'rejected'
            ? store.noteRefused(userId, error.message)
            : store.noteUnsure(userId)
        await store.release(userId)
        throw error
      }
      await store.noteSent(userId)
    },
  }
}
