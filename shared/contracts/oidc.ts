import { z } from 'zod'
import { ReturnTo } from './return-to'

/** How a login at the OpenID provider is begun. */
export const StartLogin = z.object({
  returnTo: ReturnTo,
  /** `login`: the provider has to ask anew. */
  prompt: z.literal('login').optional(),
})

/** What the provider sends back; looked at by server/auth/oidc/callback.ts, which has words for what is wrong. */
export const CallbackQuery = z.looseObject({})

export const CompleteLogin = z.object({ handover: z.string().min(1).max(100) })

/** Where the browser goes next. */
export const LoginRedirect = z.object({ redirect: z.string() })

/** A query, or an answer, in which nothing is read. */
export const Nothing = z.object({})
