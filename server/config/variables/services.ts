import { z } from 'zod'
import { note, onOrOff, webUrl } from './shapes'

const hasPathAlone = (text: string) => !new URL(text).search && !new URL(text).hash

/** Sent in a header as it is. */
const oneWord = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]+$/, 'must be one word of ASCII')

/** The outside services: each is there where its address is set. */
export const servicesVariables = {
  AUTHENTIK_API_URL: note(webUrl.refine(hasPathAlone, 'must have no query and no fragment').optional(), {
    description: "Authentik's origin, with or without `/api/v3`. Absent: its step is skipped.",
    fallback: 'none',
  }),
  AUTHENTIK_API_TOKEN: note(oneWord.optional(), {
    description: 'A token of intent `api`, of a service account that may read and write groups and users.',
    secret: true,
    fallback: 'none',
  }),
  AUTHENTIK_PUBLIC_URL: note(webUrl.optional(), {
    description: "Where the portal's launcher sends people.",
    fallback: 'the origin of AUTHENTIK_API_URL',
  }),
  STALWART_API_URL: note(webUrl.refine(hasPathAlone, 'must have no query and no fragment').optional(), {
    description: "Stalwart's origin, of 0.16 and later or of 0.15. Absent: its steps are skipped.",
    fallback: 'none',
  }),
  STALWART_API_TOKEN: note(oneWord.optional(), {
    description: 'An API key, sent as `Bearer`, or `user:password`, sent as Basic; of an administrator.',
    secret: true,
    fallback: 'none',
  }),
  OCIS_API_URL: note(webUrl.refine(hasPathAlone, 'must have no query and no fragment').optional(), {
    description: 'The origin of OCIS or OpenCloud. Absent: its steps are skipped.',
    fallback: 'none',
  }),
  OCIS_CLIENT_ID: note(oneWord.optional(), {
    description:
      'Our client at the provider that OCIS trusts, for its own name (client_credentials); with OCIS_CLIENT_SECRET and ' +
      'OCIS_TOKEN_URL. Its account needs the role of an administrator there.',
    fallback: 'none',
  }),
  OCIS_CLIENT_SECRET: note(z.string().min(1).optional(), {
    description: "That client's secret.",
    secret: true,
    fallback: 'none',
  }),
  OCIS_TOKEN_URL: note(webUrl.optional(), {
    description: 'Where the provider issues tokens to it.',
    fallback: 'none',
  }),
  OCIS_APP_TOKEN: note(oneWord.regex(/^[^:]+:.+$/, 'must be user:token').optional(), {
    description: 'In place of a client: `user:token`, an app token of an administrator, sent as Basic.',
    secret: true,
    fallback: 'none',
  }),
  INTEGRATIONS_ALLOW_PRIVATE: note(onOrOff.optional(), {
    description:
      "`on`: a tenant's own connections may lead to this machine and to private networks, and over http. `off`: to " +
      'public addresses over https alone.',
    fallback: 'off',
  }),
}
