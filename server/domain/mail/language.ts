import { MailLanguage, portalLanguage } from '#shared/contracts/languages'

export type { MailLanguage } from '#shared/contracts/languages'

/** @param locale a language tag (BCP 47); whose language messages are not written in is written to in the portal's */
export function languageOf(locale: string | null | undefined): MailLanguage {
  return writtenIn(locale) ?? portalLanguage
}

/**
 * The language of a message about a tenant.
 *
 * @param own language tag of the person, where they have one: it goes first, as far as messages are written in it
 * @param tenants language tag of the tenant
 */
export function languageWithin(tenants: string, own: string | null | undefined): MailLanguage {
  return writtenIn(own) ?? languageOf(tenants)
}

function writtenIn(locale: string | null | undefined): MailLanguage | undefined {
  return MailLanguage.safeParse(locale?.toLowerCase().split('-')[0]).data
}

/** A moment in words, in UTC: where the reader is, nobody knows. */
export function momentInWords(moment: Date, language: MailLanguage): string {
  const locale = { en: 'en-GB', de: 'de-DE' }[language]
  const words = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })
  return `${words.format(moment)} UTC`
}
