import { z } from 'zod'

/**
 * What we read of a group (`Group` in the schema.yml inside @goauthentik/api).
 * The other fields are left out on purpose: `roles_obj` and more differ between 2025.10 and 2026.8, and the client's
 * own parser fails where one is absent.
 */
export const Group = z.object({
  /** UUID. */
  pk: z.guid(),
  name: z.string(),
  /** Whether members become superusers of Authentik; absent means no. */
  is_superuser: z.boolean().default(false),
  attributes: z.record(z.string(), z.unknown()).default({}),
  /** Who is in it: the `pk` of users. */
  users: z.array(z.int()).optional(),
  /** The groups above it, whose rights its members have too: one until 2025.10, several since. */
  parent: z.guid().nullable().optional(),
  parents: z.array(z.guid()).optional(),
})
export type Group = z.output<typeof Group>

/** The `pk` of the groups right above one. */
export const parentsOf = ({ parent, parents = [] }: Group): string[] =>
  parent && !parents.includes(parent) ? [...parents, parent] : parents

/** What we read of a user (`User` in the same schema). */
export const User = z.object({
  pk: z.int(),
  username: z.string(),
  name: z.string(),
  /** Empty where nobody gave one. */
  email: z.string().default(''),
  type: z.string().default('internal'),
  is_active: z.boolean().default(true),
  /** By any of the groups that they are in. */
  is_superuser: z.boolean().default(false),
  /** Null: never. */
  last_login: z.string().nullable().default(null),
  attributes: z.record(z.string(), z.unknown()).default({}),
})
export type User = z.output<typeof User>

/** One page of `GET core/users/` (`PaginatedUserList`). */
export const UserPage = z.object({
  pagination: z.object({ next: z.int().min(0), total_pages: z.int().min(0) }),
  results: z.array(User),
})

/** `POST core/users/{id}/recovery/` (`Link`). */
export const Link = z.object({ link: z.url({ protocol: /^https?$/ }) })

/** What we read of a token (`Token`); its key is read by another call. */
export const Token = z.object({
  identifier: z.string(),
  user: z.int(),
  intent: z.string().default(''),
  /** Null: it does not end. */
  expires: z.iso.datetime({ offset: true }).nullable().default(null),
})
export type Token = z.output<typeof Token>

/** `GET core/tokens/{identifier}/view_key/` (`TokenView`). */
export const TokenKey = z.object({ key: z.string().regex(/^[\x21-\x7e]{20,}$/) })

/** What 204 answers with. */
export const Nothing = z.undefined()

/** One page of `GET core/groups/` (`PaginatedGroupList`). */
export const GroupPage = z.object({
  /** `next` is a page's number, 0 on the last one. */
  pagination: z.object({ next: z.int().min(0) }),
  results: z.array(Group),
})

/** `{ detail, code? }` (`GenericError`). */
const GenericRefusal = z
  .object({ detail: z.string() })
  .transform(({ detail }) => ({ said: detail, fields: [] as string[] }))

/** Sentences by field, and by `non_field_errors` what belongs to none (`ValidationError`). */
const FieldRefusal = z.record(z.string(), z.union([z.string(), z.array(z.string())])).transform((body) => {
  const faults = Object.entries(body).filter(([field]) => field !== 'code')
  return {
    said: faults
      .map(([field, said]) => `${field === 'non_field_errors' ? '' : `${field}: `}${[said].flat().join(' ')}`)
      .join('; '),
    fields: faults.map(([field]) => field),
  }
})

/** A refusal: all that was said, and which fields were at fault. */
export const Refusal = z.union([GenericRefusal, FieldRefusal])
export type Refusal = z.output<typeof Refusal>

/** What we read of `Version`; whatever it says is looked at by whoever asks. */
export const RunningVersion = z.object({ version_current: z.unknown() })
