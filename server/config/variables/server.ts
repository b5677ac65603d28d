import { z } from 'zod'
import { AuthMode } from '#shared/contracts/common'
import { logLevels } from '#server/lib/log'
import { addressRange } from '../addresses'
import { note, wholeNumber, list, webUrl } from './shapes'

const origin = webUrl
  .refine(
    (text) => new URL(text).pathname === '/' && !new URL(text).search,
    'must be an origin, without a path',
  )
  .transform((text) => new URL(text).origin)

/** Where and how the portal serves. */
export const serverVariables = {
  AUTH_MODE: note(AuthMode.optional(), {
    description:
      '`standalone`: local accounts. `oidc-only`: people sign in at the OpenID provider alone; set-up, login form ' +
      'and password pages do not exist.',
    fallback: 'standalone',
  }),
  PUBLIC_URL: note(origin.optional(), {
    description:
      'The origin that people use. State-changing calls from a browser must come from it; where it is https, ' +
      'cookies are `Secure` and `__Host-`.',
    fallback: 'http://localhost:PORT',
  }),
  HOST: note(z.string().optional(), { description: 'The address to listen on.', fallback: '0.0.0.0' }),
  PORT: note(wholeNumber(0, 65535).optional(), { description: 'The port to listen on.', fallback: '3000' }),
  TRUSTED_PROXIES: note(list.pipe(z.array(addressRange)).optional(), {
    description: 'Addresses or ranges, comma-separated, whose `X-Forwarded-For` counts.',
    fallback: 'none',
  }),
  LOG_LEVEL: note(z.enum(logLevels, `must be one of ${logLevels.join(', ')}`).optional(), {
    description: 'JSON lines on stdout from this level on.',
    fallback: 'info',
  }),
  METRICS_TOKEN: note(
    z
      .string()
      .regex(/^[\w.~+/-]{16,256}=*$/, 'must be 16 to 256 letters, digits, or one of - . _ ~ + /')
      .optional(),
    {
      description: 'What a scraper sends as `Authorization: Bearer`. Absent: GET /metrics answers 404.',
      secret: true,
      fallback: 'none',
    },
  ),
}
