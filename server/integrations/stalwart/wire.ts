import { z } from 'zod'

/** A refusal by status: what was said, and JMAP's name for it without its prefix, such as `limit`. */
export const Problem = z
  .object({ type: z.string().optional(), title: z.string().optional(), detail: z.string().optional() })
  .refine(({ title, detail }) => title !== undefined || detail !== undefined)
  .transform(({ type, title, detail }) => ({
    said: detail ?? title ?? '',
    code: type?.startsWith('urn:') ? type.split(':').at(-1) : undefined,
  }))
export type Problem = z.output<typeof Problem>

const Capabilities = z.record(z.string(), z.unknown())
const management = 'urn:stalwart:jmap'

/**
 * `GET /jmap/session` (RFC 8620 section 2): whether the server is managed over JMAP, which 0.15 is not. 0.16 lists
 * that under the accounts, other builds at the top.
 */
export const Session = z
  .object({
    capabilities: Capabilities,
    accounts: z.record(z.string(), z.object({ accountCapabilities: Capabilities.default({}) })).default({}),
  })
  .transform(({ capabilities, accounts }) => ({
    isManagedOverJmap:
      management in capabilities ||
      Object.values(accounts).some(({ accountCapabilities }) => management in accountCapabilities),
  }))

const ObjectId = z.object({ object: z.string(), id: z.string() })

/** What is said of one object that was not created, changed or destroyed. */
export const SetError = z.object({
  type: z.string(),
  description: z.string().nullish(),
  properties: z.array(z.unknown()).nullish(),
  objectId: ObjectId.nullish(),
  /** What refers to it. */
  linkedObjects: z.array(ObjectId).nullish(),
  validationErrors: z.array(z.looseObject({ type: z.string(), property: z.string().optional() })).nullish(),
})
export type SetError = z.output<typeof SetError>

/** What is empty is null (RFC 8620 section 5.3), or absent, as Stalwart has it. */
const mapOf = <Schema extends z.ZodType>(schema: Schema) =>
  z
    .record(z.string(), schema)
    .nullish()
    .transform((map) => map ?? {})

/** `…/set`. */
export const SetAnswer = z.object({
  created: mapOf(z.object({ id: z.string() })),
  updated: mapOf(z.unknown()),
  destroyed: z
    .array(z.string())
    .nullish()
    .transform((ids) => ids ?? []),
  notCreated: mapOf(SetError),
  notUpdated: mapOf(SetError),
  notDestroyed: mapOf(SetError),
})

/** `…/query`; `total` where it was asked for. */
export const QueryAnswer = z.object({ ids: z.array(z.string()), total: z.int().min(0).optional() })

/** `…/get` of objects that fit. */
export const getAnswer = <Schema extends z.ZodType>(object: Schema) => z.object({ list: z.array(object) })

/** `["error", …]` in place of a method's answer (RFC 8620 section 3.6.2). */
export const MethodError = z.object({ type: z.string(), description: z.string().nullish() })

export const JmapAnswer = z.object({
  methodResponses: z.array(z.tuple([z.string(), z.unknown(), z.string()])),
})

/** A set on the wire: `{ value: true }`. */
const WireSet = z.record(z.string(), z.boolean()).transform((set) => Object.keys(set).filter((it) => set[it]))

/** What we read of `x:Domain`. */
export const DomainObject = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  description: z.string().nullish(),
  aliases: WireSet.default([]),
  isEnabled: z.boolean().default(true),
  createdAt: z.iso.datetime({ offset: true }).optional(),
  dkimManagement: z.object({ '@type': z.string() }),
  /** In the form of BIND. */
  dnsZoneFile: z.string(),
})
export type DomainObject = z.output<typeof DomainObject>

const Permissions = z.object({
  '@type': z.enum(['Inherit', 'Merge', 'Replace']),
  enabledPermissions: WireSet.default([]),
  disabledPermissions: WireSet.default([]),
})

export const EmailAlias = z.object({
  name: z.string(),
  domainId: z.string(),
  enabled: z.boolean().default(true),
  description: z.string().nullish(),
})

/** What we read of an `x:Account` of the type User. */
export const UserObject = z.object({
  '@type': z.literal('User'),
  id: z.string().min(1),
  name: z.string().min(1),
  domainId: z.string(),
  emailAddress: z.string(),
  description: z.string().nullish(),
  aliases: z.record(z.string(), EmailAlias).default({}),
  quotas: z.record(z.string(), z.number()).default({}),
  /** In bytes. */
  usedDiskQuota: z.number().min(0).nullish(),
  permissions: Permissions,
})
export type UserObject = z.output<typeof UserObject>

/** Any `x:Account`: of a group, and of whatever else there may be, only that it is one. */
export const AccountObject = z.union([
  UserObject,
  z.object({ '@type': z.string().refine((type) => type !== 'User'), id: z.string() }),
])
export type AccountObject = z.output<typeof AccountObject>

/** What we read of an `x:DkimSignature`. */
export const SignatureObject = z.object({ id: z.string().min(1), domainId: z.string() })

/** 0.15: one text stands for a list of one, and nothing for none. */
const Texts = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((texts) => [texts ?? []].flat())

/** What we read of a principal of 0.15. */
export const Principal = z.object({
  id: z.int().min(0),
  type: z.string(),
  name: z.string().min(1),
  description: z.string().optional(),
  emails: Texts,
  urls: Texts,
  disabledPermissions: Texts,
  /** In bytes; a tenant has a list of them. */
  quota: z.union([z.number(), z.array(z.number())]).optional(),
  /** In bytes; absent where it is nothing. */
  usedQuota: z.number().min(0).optional(),
})
export type Principal = z.output<typeof Principal>

export const PrincipalPage = z.object({ items: z.array(Principal), total: z.int().min(0) })

export const RecordList = z.array(z.object({ type: z.string(), name: z.string(), content: z.string() }))

/**
 * 0.15 answers 200 to what it refuses. Of `fieldAlreadyExists` the value is not read: where it is a DKIM key that
 * exists, it is that private key.
 */
export const RestRefusal = z
  .object({
    error: z.string(),
    field: z.string().optional(),
    item: z.string().optional(),
    details: z.string().optional(),
    reason: z.string().nullish(),
  })
  .transform(({ error, field, item, details, reason }) => ({
    error,
    said: [error, field ?? item, details, reason].filter(Boolean).join(': '),
  }))

/** Every other answer of 0.15. */
export const RestAnswer = z.object({ data: z.unknown().refine((data) => data !== undefined) })
