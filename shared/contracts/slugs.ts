import { z } from 'zod'

/** Slugs that would be mistaken for a part of the product or of its services. */
export const reservedSlugs: ReadonlySet<string> = new Set(
  (
    'admin administrator api app assets audit auth authentik autoconfig autodiscover billing claims cloud ' +
    'dashboard dev docs files health help identities imap internal invitations localhost login logout mail ' +
    'me metrics mta-sts new oauth ocis oidc opencloud operator operators owner pop portal public ready ' +
    'register root security settings setup signin signup smtp stalwart static status support system tenant ' +
    'tenantry tenantry-operators tenants users vault well-known www'
  ).split(' '),
)

/** Form of a tenant's slug: 3 to 40 lower case letters, digits and inner hyphens. */
export const slugPattern = /^[a-z0-9]([a-z0-9-]{1,38}[a-z0-9])$/

/** A slug as it is chosen: the form, and no reserved word. */
export const Slug = z
  .string()
  .regex(
    slugPattern,
    'Use 3 to 40 lower case letters, digits and hyphens, with a letter or digit at both ends.',
  )
  .refine((slug) => !reservedSlugs.has(slug), 'This word is reserved.')

/**
 * The slug that a name suggests: accents dropped, everything else but letters and digits made a hyphen.
 * Empty where nothing usable is left; never longer than 40 characters.
 */
export function slugFromName(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/ß/g, 'ss')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '')
  return plain.length < 3 && plain.length > 0 ? `${plain}-team`.slice(0, 40) : plain
}

/** Whether a slug can be had: `reason` says why not. */
export const SlugAvailability = z.object({
  slug: z.string(),
  available: z.boolean(),
  reason: z.enum(['invalid', 'reserved', 'taken']).optional(),
})
export type SlugAvailability = z.output<typeof SlugAvailability>
