import { isIP } from 'node:net'
import { z } from 'zod'
import { AuthMode } from '#shared/contracts/common'
import { Issuer } from '#shared/contracts/issuer'
import { Slug } from '#shared/contracts/slugs'
import { logLevels } from '#server/lib/log'
import { addressRange } from './addresses'

/** What the reference says of a variable, beside its description. */
interface VariableNotes {
  description: string
  /** Readable from a file too, by NAME_FILE; never shown. */
  secret?: boolean
  /** What holds where it is not set, in words or as a value. */
  fallback?: string
}

declare module 'zod' {
  interface GlobalMeta {
    secret?: boolean
    fallback?: string
  }
}

const note = <Schema extends z.ZodType>(schema: Schema, notes: VariableNotes): Schema =>
  schema.meta({ ...notes })

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(least, `must be at least ${least}`).max(most, `must be at most ${most}`))

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
)

const webUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http or https address' })
  .refine((text) => !new URL(text).username && !new URL(text).password, 'must not hold a user or password')

const words = z.string().transform((text) => text.split(/\s+/).filter(Boolean))

const onOrOff = z
  .enum(['on', 'off', 'true', 'false'], 'must be on or off')
  .transform((text) => /^(on|true)$/.test(text))

const hasPathAlone = (text: string) => !new URL(text).search && !new URL(text).hash

const origin = webUrl
  .refine(
    (text) => new URL(text).pathname === '/' && !new URL(text).search,
    'must be an origin, without a path',
  )
  .transform((text) => new URL(text).origin)

const databaseUrl = z.string().refine((text) => {
  if (/^file:./.test(text)) return !text.includes('?')
  return /^postgres(ql)?:\/\//.test(text) && URL.canParse(text) && new URL(text).pathname.length > 1
}, 'must be file:PATH for SQLite or postgresql://USER:PASSWORD@HOST:PORT/NAME')

const masterKey = z
  .string()
  .trim()
  .refine(
    (text) => /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) && Buffer.from(text, 'base64').length === 32,
    'must be 32 bytes in base64, as `openssl rand -base64 32` makes them',
  )

const mailFrom = z
  .string()
  .trim()
  .regex(/^[^<>\p{Cc}]*$|^[^<>\p{Cc}]*<[^<>\s]+>$/u, 'must be an address, or Name <address>')
  .refine(
    (text) => z.email().safeParse(/<(.+)>$/.exec(text)?.[1] ?? text).success,
    'must hold one e-mail address',
  )

/** Sent in a header as it is. */
const oneWord = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]+$/, 'must be one word of ASCII')

/**
 * Every variable of the environment that the server reads, in the order of the reference.
 * docs/configuration.md is generated from this object by `npm run docs`.
 */
export const variables = {
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
  DATA_DIR: note(z.string().optional(), {
    description: 'Folder of the SQLite file and the generated master key. The one place that is written to.',
    fallback: './data',
  }),
  DATABASE_URL: note(databaseUrl.optional(), {
    description: '`file:PATH` for SQLite, or `postgresql://…`.',
    secret: true,
    fallback: 'file:DATA_DIR/tenantry.db',
  }),
  DATABASE_POOL_MAX: note(wholeNumber(1, 1000).optional(), {
    description: 'Most connections of one process to PostgreSQL.',
    fallback: '10',
  }),
  REDIS_URL: note(z.url({ protocol: /^rediss?$/, error: 'must be redis://… or rediss://…' }).optional(), {
    description: 'The shared cache of all replicas. Without it the database is used.',
    secret: true,
    fallback: 'none',
  }),
  MASTER_KEY: note(masterKey.optional(), {
    description:
      '32 random bytes in base64, from which every other key is derived. Generated into DATA_DIR in standalone mode ' +
      'on SQLite without Redis; everywhere else it must be set, the same for every replica.',
    secret: true,
    fallback: 'generated',
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
  LOCAL_SIGN_IN: note(z.enum(['on'], 'must be on').optional(), {
    description:
      '`on`: the password form is there whatever an operator set in the portal. The way back in where the provider ' +
      'is lost; of no effect in oidc-only mode.',
    fallback: 'what is set in the portal',
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
  DNS_RESOLVER: note(
    z
      .string()
      .refine((text) => {
        const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? []
        return isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0 && Number(port) > 0 && Number(port) < 65536
      }, 'must be ADDRESS:PORT')
      .optional(),
    { description: 'The DNS server that domain checks ask, as `address:port`.', fallback: "the system's" },
  ),
  SWEEP_INTERVAL_SECONDS: note(
    z
      .union([z.literal('0').transform(Number), wholeNumber(60, 31_536_000)], 'must be 0, or at least 60')
      .optional(),
    {
      description: 'How often all tenants are compared with what the services hold; 0: never by itself.',
      fallback: '3600',
    },
  ),
  DRIFT_REPAIR: note(onOrOff.optional(), {
    description:
      '`on`: what a comparison finds missing or changed of an active tenant is repaired by itself. `off`: it is shown, ' +
      'and somebody decides.',
    fallback: 'what is set in the portal, else off',
  }),
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
  SMTP_URL: note(
    z
      .url({ protocol: /^smtps?$/, error: 'must be smtp://… or smtps://…' })
      .refine((text) => !new URL(text).search, 'must have no query')
      .optional(),
    {
      description:
        'Where mail is handed in: `smtp://USER:PASSWORD@HOST:587`, or `smtps://…` for TLS from the start. Absent: no ' +
        'mail is sent, forgotten passwords are not offered, and invitations are links that are handed over.',
      secret: true,
      fallback: 'none',
    },
  ),
  SMTP_TLS: note(z.enum(['required', 'offered'], 'must be required or offered').optional(), {
    description:
      'With `smtp://…`: `required` hands mail and password in over STARTTLS or not at all, `offered` uses it where the ' +
      'server offers it. Certificates are always checked.',
    fallback: '`required` where SMTP_URL has a password, else `offered`',
  }),
  MAIL_FROM: note(mailFrom.optional(), {
    description: 'Who mail comes from: an address, or `Name <address>`. Required with SMTP_URL.',
    fallback: 'none',
  }),
  TRUSTED_PROXIES: note(list.pipe(z.array(addressRange)).optional(), {
    description: 'Addresses or ranges, comma-separated, whose `X-Forwarded-For` counts.',
    fallback: 'none',
  }),
  WORKER: note(z.enum(['on', 'off', 'only'], 'must be on, off or only').optional(), {
    description:
      '`on`: this process serves and provisions. `off`: serves only. `only`: provisions, and serves /health and /ready.',
    fallback: 'on',
  }),
  PROVISIONING_CONCURRENCY: note(wholeNumber(1, 1000).optional(), {
    description:
      'How many calls one process has under way at each outside service; it works on three times as many tenants at a time.',
    fallback: '8',
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
} satisfies Record<string, z.ZodType>

/** Names of the variables that hold secrets, and can be given by NAME_FILE. */
export const secretNames: readonly string[] = Object.entries(variables)
  .filter(([, schema]) => (schema as z.ZodType).meta()?.secret)
  .map(([name]) => name)

export const Environment = z.object(variables)
export type Environment = z.output<typeof Environment>
