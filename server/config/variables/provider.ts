import { z } from 'zod'
import { Issuer } from '#shared/contracts/issuer'
import { note, list, onOrOff } from './shapes'

const words = z.string().transform((text) => text.split(/\s+/).filter(Boolean))

/** The OpenID provider, and tokens of its. */
export const providerVariables = {
  OIDC_ISSUER: note(Issuer.optional(), {
    description:
      'The OpenID provider, exactly as its discovery document names it. Required in oidc-only mode; in standalone ' +
      'mode this and the following can be set in the portal too, where they are not set here.',
    fallback: 'none',
  }),
  OIDC_CLIENT_ID: note(z.string().min(1).optional(), {
    description: 'Our client there. Required in oidc-only mode.',
    fallback: 'none',
  }),
  OIDC_CLIENT_SECRET: note(z.string().min(1).optional(), {
    description: "That client's secret. Required in oidc-only mode.",
    secret: true,
    fallback: 'none',
  }),
  OIDC_SCOPES: note(
    words
      .refine((scopes) => scopes.includes('openid'), 'must include openid')
      .refine(
        (scopes) => scopes.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)),
        'must be words of ASCII, with spaces between them',
      )
      .optional(),
    {
      description: 'What is asked for at the provider, with spaces between the scopes.',
      fallback: '`openid profile email groups`',
    },
  ),
  OIDC_GROUPS_CLAIM: note(z.string().trim().min(1).max(200).optional(), {
    description: "The claim that lists a person's groups. A group of a tenant's slug makes a member of it.",
    fallback: 'groups',
  }),
  OIDC_OPERATOR_GROUP: note(z.string().trim().min(1).max(200).optional(), {
    description: 'Whoever is in this group at the provider is an operator here.',
    fallback: 'tenantry-operators',
  }),
  OIDC_LINK_BY_EMAIL: note(onOrOff.optional(), {
    description:
      '`on`: a first login is linked to the local user of the same e-mail address, where the provider says that it ' +
      'verified the address. `off`: people link in their account.',
    fallback: 'off',
  }),
  OIDC_INTROSPECTION: note(onOrOff.optional(), {
    description:
      '`on`: bearer tokens that are no JWT are asked about at the provider (RFC 7662). Its answers hold for 10 ' +
      'seconds: so long a token that it revoked goes on.',
    fallback: 'off',
  }),
  JWT_AUDIENCES: note(list.refine((names) => names.length > 0, 'must name one at least').optional(), {
    description: 'Audiences, comma-separated, of which a bearer token must name one.',
    fallback: 'OIDC_CLIENT_ID',
  }),
}
