import { z } from 'zod'
import { Slug } from '#shared/contracts/slugs'
import { note, wholeNumber } from './shapes'

/** How long people are signed in, and tenants kept. */
export const peopleVariables = {
  LOCAL_SIGN_IN: note(z.enum(['on'], 'must be on').optional(), {
    description:
      '`on`: the password form is there whatever an operator set in the portal. The way back in where the provider ' +
      'is lost; of no effect in oidc-only mode.',
    fallback: 'what is set in the portal',
  }),
  SESSION_TTL_SECONDS: note(wholeNumber(60, 31_536_000).optional(), {
    description: 'Longest life of a session, whatever is done with it.',
    fallback: '604800',
  }),
  SESSION_IDLE_SECONDS: note(wholeNumber(60, 31_536_000).optional(), {
    description: 'A session ends when it is not used for so long.',
    fallback: '86400',
  }),
  SEED_TENANT: note(Slug.optional(), {
    description: 'Slug of a tenant that is made at boot where it is absent, with its subscription.',
    fallback: 'none',
  }),
  DELETE_GRACE_SECONDS: note(wholeNumber(0, 315_360_000).optional(), {
    description: 'For how long a deleted tenant can be restored.',
    fallback: '2592000',
  }),
}
