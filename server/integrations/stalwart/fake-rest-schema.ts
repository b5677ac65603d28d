import { z } from 'zod'

// Written by hand from what Stalwart 0.15 publishes (its openapi.yml), of the operations that matter here, and from
// how 0.15.5 answers. `fields` and `filter` of the list, `usedQuota`, `deploy`, deleting settings by key and lists as values of a
// change are not in that document, and are in the server. fake.test.ts holds it against the document where that is
// at hand.

/** Stalwart takes no text of more bytes in a principal. */
const text = z.string().refine((value) => Buffer.byteLength(value) <= 512, 'string too long')
const texts = z.array(text).optional()

export const PrincipalBody = z.strictObject({
  type: z.enum(['domain', 'individual', 'group', 'list']),
  name: text.min(1),
  quota: z.int().min(0).optional(),
  description: text.optional(),
  secrets: texts,
  emails: texts,
  urls: texts,
  memberOf: texts,
  roles: texts,
  lists: texts,
  members: texts,
  enabledPermissions: texts,
  disabledPermissions: texts,
  externalMembers: texts,
})
export type PrincipalBody = z.output<typeof PrincipalBody>

const operation = <Action extends string, Field extends string, Value extends z.ZodType>(
  actions: readonly Action[],
  fields: readonly Field[],
  value: Value,
) => z.strictObject({ action: z.enum(actions), field: z.enum(fields), value })
const lists = ['emails', 'urls', 'roles', 'disabledPermissions', 'enabledPermissions'] as const

export const ChangesBody = z
  .array(
    z.union([
      operation(['set'], ['name', 'description'], text),
      operation(['set'], ['quota'], z.int().min(0)),
      operation(['set'], lists, z.array(text)),
      operation(['addItem', 'removeItem'], lists, text),
    ]),
  )
  .min(1)
export type ChangesBody = z.output<typeof ChangesBody>

export const DkimBody = z.strictObject({
  id: z.null(),
  algorithm: z.enum(['Ed25519', 'Rsa']),
  domain: z.string().min(1),
  selector: z.null(),
})

export const SettingsBody = z.array(
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('delete'), keys: z.array(z.string().min(1)).min(1) }),
    z.strictObject({ type: z.literal('clear'), prefix: z.string().min(1) }),
  ]),
)

const number = z.string().regex(/^\d{1,9}$/)
export const ListQuery = z.strictObject({
  page: number.optional(),
  limit: number.optional(),
  types: z.enum(['domain', 'individual']).optional(),
  fields: z.string().optional(),
  filter: z.string().optional(),
})

/** 0.15 names about 400; these are what the fake knows. */
export const permissions = ['authenticate', 'email-send', 'email-receive', 'imap-authenticate'] as const

const oneOrMore = z.union([z.string(), z.array(z.string()).min(2)]).optional()

/** What a principal looks like in an answer: a list of one is a text, an empty one is absent. */
export const PrincipalAnswer = z.strictObject({
  id: z.int(),
  type: z.string(),
  name: z.string().optional(),
  quota: z.int().optional(),
  /** In bytes; absent where it is nothing. */
  usedQuota: z.int().optional(),
  description: z.string().optional(),
  secrets: oneOrMore,
  emails: oneOrMore,
  urls: oneOrMore,
  roles: oneOrMore,
  enabledPermissions: oneOrMore,
  disabledPermissions: oneOrMore,
  members: z.int().optional(),
})
