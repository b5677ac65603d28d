import { z } from 'zod'
import { note, webUrl, wholeNumber } from './shapes'

/** A folder as `file:/path`, or an https address. */
const exportPlace = z.string().refine((text) => {
  if (/^file:\/[^?#]*$/.test(text)) return URL.canParse(text) && new URL(text).host === ''
  return URL.canParse(text) && new URL(text).protocol === 'https:' && webUrl.safeParse(text).success
}, 'must be file:/FOLDER or an https address, without user and password')

/** How the state of the audit is told outside. */
export const auditVariables = {
  AUDIT_EXPORT: note(exportPlace.optional(), {
    description:
      'Where signed statements of how far the audit has come go: `file:/FOLDER`, or an https address that each is ' +
      'posted to. It is to be out of reach for whoever can write the database: then nothing can be taken out of the ' +
      'audit unseen.',
    fallback: 'nowhere',
  }),
  AUDIT_EXPORT_TOKEN: note(
    z
      .string()
      .trim()
      .regex(/^[\x21-\x7e]+$/, 'must be one word of ASCII')
      .optional(),
    {
      description: 'Sent to that address as `Authorization: Bearer`.',
      secret: true,
      fallback: 'none',
    },
  ),
  AUDIT_EXPORT_INTERVAL_SECONDS: note(wholeNumber(60, 31_536_000).optional(), {
    description: 'How often a statement is made.',
    fallback: '3600',
  }),
} satisfies Record<string, z.ZodType>
