import { z } from 'zod'

/** What messages are written in; the pages are in English. */
export const MailLanguage = z.enum(['en', 'de'])
export type MailLanguage = z.output<typeof MailLanguage>

/** The portal's own, for tenants of which nothing else is said. */
export const portalLanguage: MailLanguage = 'en'

/** As people choose them. */
export const mailLanguageNames: Readonly<Record<MailLanguage, string>> = { en: 'English', de: 'German' }
