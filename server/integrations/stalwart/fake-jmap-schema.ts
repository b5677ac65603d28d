import { createPrivateKey } from 'node:crypto'
import { z } from 'zod'

// Written by hand from what Stalwart 0.16 publishes (`GET /api/schema`), of the objects and properties that matter
// here. Whatever is not named is refused, though Stalwart may know it. fake.test.ts holds it against the published
// schema where that is at hand.

/** `{ value: true }`. */
const setOf = <Item extends z.ZodType<string, string>>(item: Item) => z.record(item, z.literal(true))
/** The same of values that are known. */
const someOf = <Name extends string>(names: readonly Name[]) =>
  z.partialRecord(z.enum(names), z.literal(true))
/** `{ "0": …, "1": … }`. */
const listOf = <Item extends z.ZodType>(item: Item) => z.record(z.string().regex(/^\d{1,9}$/), item)
const variant = <Name extends string, Shape extends z.ZodRawShape>(name: Name, shape: Shape) =>
  z.strictObject({ '@type': z.literal(name), ...shape })

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const domainName = z.string().regex(new RegExp(`^(?:${label}\\.)+${label}$`))
const localPart = z.string().regex(/^[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}$/)
const objectId = z.string().regex(/^[a-z]{1,13}$/)
const text = z.string().min(1)
const size = z.int().min(0)

export const algorithms = [
  'Dkim1Ed25519Sha256',
  'Dkim1RsaSha256',
  'Dkim2Ed25519Sha256',
  'Dkim2RsaSha256',
] as const

export const DomainSchema = z.strictObject({
  name: domainName,
  aliases: setOf(domainName).default({}),
  isEnabled: z.boolean().default(true),
  description: text.nullable().default(null),
  certificateManagement: variant('Manual', {}).default({ '@type': 'Manual' }),
  dkimManagement: z
    .discriminatedUnion('@type', [
      variant('Automatic', {
        algorithms: someOf(algorithms).optional(),
        selectorTemplate: text.optional(),
        rotateAfter: size.optional(),
        retireAfter: size.optional(),
        deleteAfter: size.optional(),
      }),
      variant('Manual', {}),
    ])
    .default({ '@type': 'Automatic' }),
  dnsManagement: variant('Manual', {}).default({ '@type': 'Manual' }),
  subAddressing: z
    .discriminatedUnion('@type', [variant('Enabled', {}), variant('Disabled', {})])
    .default({ '@type': 'Enabled' }),
  allowRelaying: z.boolean().default(false),
  catchAllAddress: text.nullable().default(null),
  reportAddressUri: text.nullable().default('mailto:postmaster'),
})

/** Those of its 660 that the fake knows. */
export const permissions = [
  'authenticate',
  'authenticateWithAlias',
  'emailSend',
  'emailReceive',
  'imapAuthenticate',
  'pop3Authenticate',
  'sieveAuthenticate',
] as const
const permissionSets = {
  enabledPermissions: someOf(permissions).default({}),
  disabledPermissions: someOf(permissions).default({}),
}
const Permissions = z.discriminatedUnion('@type', [
  variant('Inherit', {}),
  variant('Merge', permissionSets),
  variant('Replace', permissionSets),
])

const EmailAlias = z.strictObject({
  name: localPart,
  domainId: objectId,
  enabled: z.boolean().default(true),
  description: text.nullable().default(null),
})

/** How weak a password may be is told by its length here, and by zxcvbn there. */
const Credential = variant('Password', { secret: z.string().min(8) })

export const quotaNames = ['maxEmails', 'maxMailboxes', 'maxDiskQuota'] as const

const common = {
  name: localPart,
  domainId: objectId,
  aliases: listOf(EmailAlias).default({}),
  description: text.nullable().default(null),
  quotas: z.partialRecord(z.enum(quotaNames), size).default({}),
  permissions: Permissions.default({ '@type': 'Inherit' }),
}

export const UserSchema = variant('User', {
  ...common,
  credentials: listOf(Credential).default({}),
  memberGroupIds: setOf(objectId).default({}),
  roles: z
    .discriminatedUnion('@type', [variant('User', {}), variant('Admin', {})])
    .default({ '@type': 'User' }),
  encryptionAtRest: variant('Disabled', {}).default({ '@type': 'Disabled' }),
  locale: text.default('en_US'),
  timeZone: text.nullable().default(null),
})

export const GroupSchema = variant('Group', {
  ...common,
  roles: variant('Default', {}).default({ '@type': 'Default' }),
})

export const AccountSchema = z.discriminatedUnion('@type', [UserSchema, GroupSchema])

const privateKey = (type: 'rsa' | 'ed25519') =>
  variant('Text', {
    secret: z.string().refine((pem) => isKey(pem, type), 'Failed to validate DKIM signature'),
  })

function isKey(pem: string, type: 'rsa' | 'ed25519'): boolean {
  // Stalwart reads RSA keys of PKCS #1, and others of PKCS #8.
  if (!pem.startsWith(`-----BEGIN ${type === 'rsa' ? 'RSA ' : ''}PRIVATE KEY-----\n`)) return false
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(pem)
    return asymmetricKeyType === type && (asymmetricKeyDetails?.modulusLength ?? 2048) >= 2048
  } catch {
    return false
  }
}

const signature = <Name extends string>(name: Name, type: 'rsa' | 'ed25519') =>
  variant(name, {
    domainId: objectId,
    selector: z.string().regex(/^[A-Za-z0-9._-]{1,63}$/),
    privateKey: privateKey(type),
    stage: z.enum(['active', 'pending', 'retiring', 'retired']).default('active'),
  })

export const SignatureSchema = z.discriminatedUnion('@type', [
  signature('Dkim1Ed25519Sha256', 'ed25519'),
  signature('Dkim1RsaSha256', 'rsa'),
])

export const schemas = {
  'x:Domain': DomainSchema,
  'x:Account': AccountSchema,
  'x:DkimSignature': SignatureSchema,
} as const
export type ObjectType = keyof typeof schemas
export const objectTypes = Object.keys(schemas) as ObjectType[]

/** What the server sets itself, and takes from nobody. */
export const serverSet: Record<ObjectType, readonly string[]> = {
  'x:Domain': ['createdAt', 'dnsZoneFile'],
  'x:Account': ['createdAt', 'emailAddress', 'usedDiskQuota'],
  'x:DkimSignature': ['createdAt', 'publicKey'],
}

/** The filters that the published schema lists, and how they match. */
export const filters: Record<ObjectType, Record<string, 'words' | 'id'>> = {
  'x:Domain': { text: 'words', name: 'words' },
  'x:Account': { text: 'words', name: 'words', domainId: 'id' },
  'x:DkimSignature': { domainId: 'id' },
}

export type DomainFields = z.output<typeof DomainSchema>
export type AccountFields = z.output<typeof AccountSchema>
export type SignatureFields = z.output<typeof SignatureSchema>

/** All properties of a type. */
export function propertiesOf(type: ObjectType): string[] {
  const shapes =
    type === 'x:Domain'
      ? [DomainSchema.shape]
      : (schemas[type].options as readonly { shape: Record<string, unknown> }[]).map(({ shape }) => shape)
  return [...new Set(['id', ...serverSet[type], ...shapes.flatMap((shape) => Object.keys(shape))])]
}
